// @aws-sdk/client-bedrock, unmodified, over every operation. Run by test_javascript.py, which sets
// ENDPOINT, ACCESS_KEY, SECRET_KEY, ACCOUNT; the server has a bucket `models` with a model `tiny`.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "node:test";
import * as bedrock from "@aws-sdk/client-bedrock";

const { ENDPOINT, ACCESS_KEY, SECRET_KEY, ACCOUNT } = process.env;
const client = (region) =>
  new bedrock.BedrockClient({
    region,
    endpoint: ENDPOINT,
    maxAttempts: 1,
    credentials: { accessKeyId: ACCESS_KEY, secretAccessKey: SECRET_KEY },
  });
const home = client("us-east-1");
const away = client("us-west-2");

const used = new Set();
const call = (where, operation, input = {}) => {
  used.add(operation);
  return where.send(new bedrock[`${operation}Command`](input));
};

async function until(where, operation, input, done) {
  for (let tries = 0; tries < 3000; tries++) {
    const answer = await call(where, operation, input);
    if (done(answer)) return answer;
    await sleep(10);
  }
  throw new Error(`${operation}: waited too long`);
}

let model;
const jobs = [];

test("CreateCustomModel and GetCustomModel", async () => {
  const made = await call(home, "CreateCustomModel", {
    modelName: "from-js",
    modelSourceConfig: { s3DataSource: { s3Uri: "s3://models/tiny" } },
    modelTags: [{ key: "team", value: "search" }],
  });
  assert.equal(made.$metadata.httpStatusCode, 202);
  assert.match(made.$metadata.requestId, /^[0-9a-f-]{36}$/);
  model = made.modelArn;
  const shown = await until(home, "GetCustomModel", { modelIdentifier: model }, (answer) => answer.modelStatus !== "Creating");
  assert.equal(shown.modelStatus, "Active");
  assert.equal(shown.modelName, "from-js");
  assert.ok(shown.creationTime instanceof Date && Math.abs(shown.creationTime - new Date()) < 60_000);
});

test("CreateModelCopyJob and GetModelCopyJob", async () => {
  for (const name of ["copy-1", "copy-2", "other"]) {
    const made = await call(away, "CreateModelCopyJob", {
      sourceModelArn: model,
      targetModelName: name,
      targetModelTags: [{ key: "name", value: name }],
    });
    assert.equal(made.$metadata.httpStatusCode, 201);
    jobs.push(made.jobArn);
    const job = await until(away, "GetModelCopyJob", { jobArn: made.jobArn }, (answer) => answer.status !== "InProgress");
    assert.equal(job.status, "Completed");
    assert.equal(job.sourceAccountId, ACCOUNT);
    assert.deepEqual(job.targetModelTags, [{ key: "name", value: name }]);
  }
});

test("the idempotency token makes a repeat harmless", async () => {
  const input = { sourceModelArn: model, targetModelName: "once", clientRequestToken: "token-of-js" };
  const first = await call(away, "CreateModelCopyJob", input);
  const again = await call(away, "CreateModelCopyJob", input);
  assert.equal(first.jobArn, again.jobArn);
  jobs.push(first.jobArn);
});

test("ListModelCopyJobs: filters, order and the paginator", async () => {
  const arns = (answer) => answer.modelCopyJobSummaries.map((job) => job.jobArn);
  const all = await call(away, "ListModelCopyJobs");
  assert.deepEqual(arns(all), [...jobs].reverse());
  assert.equal(all.nextToken, undefined);
  const filtered = await call(away, "ListModelCopyJobs", {
    creationTimeAfter: new Date(Date.now() - 3_600_000),
    creationTimeBefore: new Date(Date.now() + 3_600_000),
    statusEquals: "Completed",
    sourceAccountEquals: ACCOUNT,
    sourceModelArnEquals: model,
    targetModelNameContains: "copy",
    maxResults: 10,
    sortBy: "CreationTime",
    sortOrder: "Ascending",
  });
  assert.deepEqual(arns(filtered), jobs.slice(0, 2));
  const walked = [];
  for await (const page of bedrock.paginateListModelCopyJobs({ client: away, pageSize: 1 }, {})) {
    walked.push(...arns(page));
  }
  assert.deepEqual(walked, [...jobs].reverse());
});

test("ListCustomModels", async () => {
  const answer = await call(home, "ListCustomModels", { nameContains: "js", isOwned: true, modelStatus: "Active" });
  assert.deepEqual(answer.modelSummaries.map((summary) => summary.modelArn), [model]);
  assert.equal(answer.modelSummaries[0].ownerAccountId, ACCOUNT);
});

test("TagResource, UntagResource and ListTagsForResource", async () => {
  await call(home, "TagResource", { resourceARN: model, tags: [{ key: "a", value: "1" }, { key: "b", value: "2" }] });
  await call(home, "UntagResource", { resourceARN: model, tagKeys: ["a"] });
  const { tags } = await call(home, "ListTagsForResource", { resourceARN: model });
  assert.deepEqual(tags.map((tag) => tag.key).sort(), ["b", "team"]);
});

test("PutResourcePolicy, GetResourcePolicy and DeleteResourcePolicy", async () => {
  const resourcePolicy = JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { AWS: "123456789012" }, Action: "bedrock:CreateModelCopyJob", Resource: model }],
  });
  const put = await call(home, "PutResourcePolicy", { resourceArn: model, resourcePolicy });
  assert.equal(put.$metadata.httpStatusCode, 201);
  const shown = await call(home, "GetResourcePolicy", { resourceArn: model });
  assert.deepEqual(JSON.parse(shown.resourcePolicy), JSON.parse(resourcePolicy));
  await call(home, "DeleteResourcePolicy", { resourceArn: model });
  await assert.rejects(call(home, "GetResourcePolicy", { resourceArn: model }), bedrock.ResourceNotFoundException);
});

test("errors are the modelled classes", async () => {
  await assert.rejects(call(away, "ListModelCopyJobs", { maxResults: 5000 }), (error) => {
    assert.ok(error instanceof bedrock.ValidationException);
    assert.match(error.message, /Value '5000' at 'maxResults'/);
    assert.match(error.$metadata.requestId, /^[0-9a-f-]{36}$/);
    return true;
  });
  const taken = { sourceModelArn: model, targetModelName: "copy-1" };
  await assert.rejects(call(away, "CreateModelCopyJob", taken), { name: "ConflictException" });
  const job = jobs[0].replace(/.{12}$/, "abcdefghij12");
  await assert.rejects(call(away, "GetModelCopyJob", { jobArn: job }), bedrock.ResourceNotFoundException);
});

test("a wrong clock is corrected from the Date header", async () => {
  const late = new bedrock.BedrockClient({
    region: "us-west-2",
    endpoint: ENDPOINT,
    systemClockOffset: -3_600_000,
    maxAttempts: 2,
    credentials: { accessKeyId: ACCESS_KEY, secretAccessKey: SECRET_KEY },
  });
  const answer = await late.send(new bedrock.ListModelCopyJobsCommand({}));
  assert.equal(answer.modelCopyJobSummaries.length, jobs.length);
});

test("DeleteCustomModel", async () => {
  await call(home, "DeleteCustomModel", { modelIdentifier: model });
  await assert.rejects(call(home, "GetCustomModel", { modelIdentifier: model }), bedrock.ResourceNotFoundException);
});

test("every operation was called", () => {
  const wanted = process.env.OPERATIONS.split(",");
  assert.deepEqual(wanted.filter((operation) => !used.has(operation)), []);
});
