/*
 * Answers in XML, by expat. Not for other folders.
 *
 * Only what S3 sends is accepted: elements and text. A document type, which could define entities,
 * is refused, and so are an element nested deeper than OC_XML_DEPTH_MAX and a text longer than
 * OC_XML_TEXT_MAX. Attributes and comments are passed over. Memory is bounded by these and by the
 * document's length, which is the caller's to limit.
 *
 * Threads: any.
 */
#ifndef OC_S3_XML_H
#define OC_S3_XML_H

#include "base/bytes.h"
#include "base/err.h"

#define OC_XML_DEPTH_MAX 8
#define OC_XML_PATH_MAX  256
#define OC_XML_TEXT_MAX  8192

/**
 * An element has ended.
 * @param path  names from the root on with `/` between: "ListBucketResult/Contents/Key"
 * @param text  the text right inside it, borrowed for the call; "" when there is none
 * @return 0 to go on, negative to fail with `err`
 */
typedef int oc_xml_fn(struct oc_slice path, struct oc_slice text, void *ctx, struct oc_err *err);

/** Read a whole document. Errors: OC_EINVAL (not such a document); those of `fn`; OC_ENOMEM. */
int oc_xml_read(struct oc_slice xml, oc_xml_fn *fn, void *ctx, struct oc_err *err);

#endif
