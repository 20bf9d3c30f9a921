/* Creating and ending jobs: the write side of the list engine. */
#include "store/lmdb/impl.h"

static bool name_is_valid(struct oc_slice name)
{
    if (!name.ptr || name.len == 0 || name.len > OC_NAME_MAX)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        if (oc_gram_code(name.ptr[i]) == 255)
            return false;
    }
    return true;
}

/* All that could make a later step fail for the input's sake comes before the first change. */
static int validate(const struct oc_job *job, uint64_t *ret_id, struct oc_err *err)
{
    if (!oc_id_pack(job->id, ret_id))
        return oc_fail(err, OC_EINVAL, "a job's id has 12 characters of a-z and 0-9");
    if (!name_is_valid(job->target_model_name))
        return oc_fail(err, OC_EINVAL, "a target model's name has 1 to 63 of 0-9 a-z A-Z - _");
    if (!job->source_account.ptr || !job->source_model_arn.ptr || !job->target_model_arn.ptr ||
        job->source_account.len > OC_ARN_MAX || job->source_model_arn.len > OC_ARN_MAX)
        return oc_fail(err, OC_EINVAL, "a job has a source account, a source and a target model");
    if (job->status != OC_JOB_IN_PROGRESS || job->failure_message.ptr)
        return oc_fail(err, OC_EINVAL, "a job begins InProgress");
    return OC_OK;
}

static int add_to_group(struct oc_tx *tx, struct oc_wpart *wpart, const struct oc_group_row *row,
                        struct oc_err *err)
{
    uint64_t seq = wpart->part.next_seq;

    if (seq % OC_GROUP == 0) {
        if (wpart->group_dirty) { /* the full group before this one */
            int rc = oc_part_write(tx, wpart, err);
            if (rc < 0)
                return rc;
        }
        oc_group_begin(wpart->group);
    } else if (!wpart->group_loaded) {
        struct oc_group stored;
        int rc = oc_group_load(&tx->read, wpart->part.pid, seq / OC_GROUP, &stored, err);
        if (rc < 0)
            return rc;
        oc_group_begin(wpart->group);
        memcpy(wpart->group, stored.bytes, stored.len);
    }
    wpart->group_loaded = true;
    oc_group_append(wpart->group, row);
    wpart->group_dirty = true;
    return OC_OK;
}

int oc_id_put(struct oc_tx *tx, uint32_t pid, uint64_t id, uint64_t seq, struct oc_err *err)
{
    struct oc_key key = oc_key_index(OC_INDEX_ID, pid, id);
    uint8_t value[12];

    oc_st64(value + 4, seq);
    oc_st32(value, oc_crc32c(oc_small_seed('I', pid, id), value + 4, 8));
    return oc_tx_set(tx, tx->store->index, oc_key_slice(&key),
                     (struct oc_slice){(char *)value, sizeof value}, err);
}

static int create(struct oc_tx *tx, struct oc_wpart *wpart, struct oc_job *job, uint64_t id,
                  struct oc_err *err)
{
    struct oc_part *part = &wpart->part;
    struct oc_group_row row = {.id = id, .name = job->target_model_name};

    if (job->creation_ms < part->last_ms)
        job->creation_ms = part->last_ms;
    row.ms = job->creation_ms;
    int rc = oc_term_intern(tx, wpart, OC_TERM_ACCOUNT, job->source_account, &row.account, err);
    if (rc == OC_OK)
        rc = oc_term_intern(tx, wpart, OC_TERM_MODEL, job->source_model_arn, &row.model, err);
    if (rc == OC_OK)
        rc = oc_row_put(tx, part->pid, part->next_seq, job, err);
    if (rc == OC_OK)
        rc = oc_id_put(tx, part->pid, id, part->next_seq, err);
    if (rc == OC_OK)
        rc = add_to_group(tx, wpart, &row, err);
    if (rc < 0)
        return rc;
    part->next_seq++;
    part->last_ms = job->creation_ms;
    if (id > part->max_id)
        part->max_id = id;
    wpart->dirty = true;
    if (part->next_seq % tx->store->shape.level[0] == 0)
        oc_tx_wake(tx, part->pid);
    return OC_OK;
}

int oc_tx_job_create(struct oc_tx *tx, struct oc_job *job, struct oc_err *err)
{
    struct oc_wpart *wpart;
    uint64_t id, seq;

    int rc = validate(job, &id, err);
    if (rc == OC_OK)
        rc = oc_part_touch(tx, job->partition, true, &wpart, err);
    if (rc < 0)
        return rc;
    /* New ids are greater than all before: only one that is not has to be searched for. */
    rc =
        id > wpart->part.max_id ? OC_ENOTFOUND : oc_id_find(&tx->read, &wpart->part, id, &seq, err);
    if (rc == OC_OK)
        return oc_fail(err, OC_ECONFLICT, "a job with the id '%.*s' exists", OC_FMT(job->id));
    if (rc != OC_ENOTFOUND)
        return rc;
    rc = create(tx, wpart, job, id, err);
    /* The group in memory may have got a job that the tables lack: nothing of this may stand. */
    if (rc < 0)
        tx->broken = true;
    return rc;
}

static int find_job(struct oc_tx *tx, struct oc_partition partition, struct oc_slice id,
                    struct oc_wpart **ret, uint64_t *ret_seq, struct oc_err *err)
{
    uint64_t packed;

    int rc = oc_part_touch(tx, partition, false, ret, err);
    if (rc == OC_OK)
        rc = oc_id_pack(id, &packed) ? oc_id_find(&tx->read, &(*ret)->part, packed, ret_seq, err)
                                     : OC_ENOTFOUND;
    if (rc == OC_ENOTFOUND)
        return oc_fail(err, OC_ENOTFOUND, "no job with the id '%.*s'", OC_FMT(id));
    return rc;
}

int oc_tx_job_name_source(struct oc_tx *tx, struct oc_partition partition, struct oc_slice id,
                          struct oc_slice name, struct oc_err *err)
{
    struct oc_wpart *wpart;
    uint64_t seq;
    int rc = find_job(tx, partition, id, &wpart, &seq, err);

    return rc < 0 ? rc : oc_row_name_source(tx, wpart->part.pid, seq, name, err);
}

int oc_tx_job_end(struct oc_tx *tx, struct oc_partition partition, struct oc_slice id,
                  enum oc_job_status status, struct oc_slice failure, struct oc_err *err)
{
    struct oc_wpart *wpart;
    uint64_t seq;

    if (status == OC_JOB_IN_PROGRESS || (status == OC_JOB_FAILED) != (failure.ptr != NULL) ||
        failure.len > OC_FAILURE_MESSAGE_MAX)
        return oc_fail(err, OC_EINVAL, "a job ends Completed, or Failed with a message");
    int rc = find_job(tx, partition, id, &wpart, &seq, err);
    if (rc == OC_OK)
        rc = oc_row_end(tx, wpart->part.pid, seq, status, failure, err);
    if (rc < 0)
        return rc;
    rc = oc_status_end(tx, wpart->part.pid, seq, status == OC_JOB_FAILED, err);
    if (rc < 0)
        tx->broken = true;
    oc_tx_wake(tx, wpart->part.pid);
    return rc;
}

int oc_read_job_json(struct oc_read *read, struct oc_partition partition, struct oc_slice id,
                     struct oc_slice *ret_json, struct oc_err *err)
{
    struct oc_part part;
    uint64_t packed, seq;
    struct oc_slice json;

    int rc = read->tx ? oc_tx_flush(read->tx, err) : OC_OK; /* what the writer holds back */
    if (rc == OC_OK)
        rc = oc_part_find(read, partition, &part, err);
    if (rc == OC_OK)
        rc = oc_id_pack(id, &packed) ? oc_id_find(read, &part, packed, &seq, err) : OC_ENOTFOUND;
    if (rc == OC_ENOTFOUND)
        return oc_fail(err, OC_ENOTFOUND, "no job with the id '%.*s'", OC_FMT(id));
    if (rc == OC_OK)
        rc = oc_row_json(read, &part, seq, &json, err);
    if (rc == OC_OK)
        *ret_json = oc_slice_sub(json, 1, json.len - 1); /* without its comma */
    return rc;
}
