// @aws-sdk/client-bedrock at work, for bench_client.py: asks N times for a page of so many jobs.
// node client_load.mjs NODE_MODULES_PARENT N PAGE_SIZE
// Prints: jobs seen, a sum over their texts, CPU seconds, wall seconds, 0, 0.
import { createRequire } from "node:module";

const [parent, calls, page] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const require = createRequire(`${parent}/`);
const { BedrockClient, ListModelCopyJobsCommand } = require("@aws-sdk/client-bedrock");
const WARM_UP = 100; // until the compiler of V8 has done its work
const client = new BedrockClient({ maxAttempts: 1 });
let jobs = 0;
let total = 0;

async function ask(count) {
  jobs = total = 0;
  for (let i = 0; i < count; i++) {
    const answer = await client.send(new ListModelCopyJobsCommand({ maxResults: page }));
    for (const job of answer.modelCopyJobSummaries) {
      jobs += 1;
      total += job.jobArn.length + job.status.length + (job.creationTime ? 1 : 0);
    }
  }
}

await ask(WARM_UP);
const cpu = process.cpuUsage();
const wall = process.hrtime.bigint();
await ask(calls);
const spent = process.cpuUsage(cpu);
console.log(
  jobs,
  total,
  (spent.user + spent.system) / 1e6,
  Number(process.hrtime.bigint() - wall) / 1e9,
  0,
  0,
);
