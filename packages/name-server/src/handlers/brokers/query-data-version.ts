import type { Clock } from '@rocketmq-ts/platform'
import { type commands, dataVersionBody, sameDataVersion } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { RouteTable } from '../../routes/index.ts'

/** QUERY_DATA_VERSION (322): a broker asks whether it must register its topics again. Also a sign of life. */
export function queryDataVersion(
  routes: RouteTable,
  clock: Pick<Clock, 'monotonic'>,
): Handler<typeof commands.queryDataVersion> {
  return ({ clusterName, brokerName, brokerAddr: address }, call) => {
    const asked = dataVersionBody.decode(call.body)
    const broker = routes.heard({ clusterName, brokerName, address }, call.connection.id, clock.monotonic())
    if (broker === undefined) return { header: { changed: true } }
    return {
      header: { changed: !sameDataVersion(asked, broker.dataVersion) },
      body: dataVersionBody.encode(broker.dataVersion),
    }
  }
}
