// As a program is written with the types that openapi-typescript makes.
import createClient from "openapi-fetch";
import type { components, paths } from "./paths";

const skein = createClient<paths>({ baseUrl: "http://localhost:8082" });
const message: components["schemas"]["NewMessage"] = { payload: "one book" };
const of = { topic: "orders", subscriber: "billing" };

export async function run(): Promise<string[]> {
  await skein.PUT("/v1/topics/{topic}", { params: { path: of }, body: { priorities: 2 } });
  await skein.PUT("/v1/topics/{topic}/subscribers/{subscriber}", { params: { path: of } });
  await skein.POST("/v1/topics/{topic}/messages", {
    params: { path: of, query: { wait: "delivered" } },
    body: message,
  });
  await skein.POST("/v1/topics/{topic}/messages", {
    params: { path: of },
    body: { messages: [message, { payload: "two", key: "a", delay_ms: 5 }] },
  });
  const leased = await skein.POST("/v1/topics/{topic}/subscribers/{subscriber}/lease", {
    params: { path: of },
    body: { max: 10 },
  });
  if (leased.error) throw new Error(leased.error.title);
  const leases = leased.data.deliveries.map((d) => d.lease);
  await skein.POST("/v1/topics/{topic}/subscribers/{subscriber}/ack", {
    params: { path: of },
    body: { leases },
  });
  const topic = await skein.GET("/v1/topics/{topic}", { params: { path: of } });
  const most: number | undefined = topic.data?.options.max_pending;
  await skein.POST("/api/publish", { body: { subject: "orders", data: `${most}` } });
  return leases;
}
