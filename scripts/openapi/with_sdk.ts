// As a program is written with the client that @hey-api/openapi-ts makes.
import * as skein from "./sdk";
import type { NewMessage, TopicOptions } from "./sdk";

const message: NewMessage = { payload: "one book" };
const path = { topic: "orders", subscriber: "billing" };

export async function run(): Promise<string[]> {
  await skein.createTopic({ path, body: { priorities: 2 } });
  await skein.subscribeAs({ path });
  await skein.publishMessages({ path, query: { wait: "delivered" }, body: message });
  await skein.publishMessages({ path, body: { messages: [message, { payload: "two", delay_ms: 5 }] } });
  const leased = await skein.lease({ path, body: { max: 10 }, throwOnError: true });
  const leases = leased.data.deliveries.map((d) => d.lease);
  await skein.ack({ path, body: { leases } });
  const topic = await skein.describeTopic({ path, throwOnError: true });
  const options: TopicOptions = topic.data.options;
  await skein.gophermqPublish({ body: { subject: "orders", data: `${options.max_pending}` } });
  return leases;
}
