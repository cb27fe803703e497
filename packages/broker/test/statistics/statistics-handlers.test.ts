import { SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { brokerStatsBody } from '@rocketmq-ts/protocol'
import { expect, test } from 'vitest'
import { viewBrokerStatsData } from '../../src/statistics/handlers/view-broker-stats-data.ts'
import { BrokerStatistics } from '../../src/statistics/index.ts'
import { ask } from '../call-kit.ts'

test('a statistic is shown over a minute, an hour and a day, and an unknown one refused', async () => {
  const clock = new SteppedClock()
  const statistics = new BrokerStatistics({
    clock,
    clusterName: 'DefaultCluster',
    isSystemTopic: () => false,
    countsLightQueues: () => false,
  })
  statistics.start()
  statistics.stored('CapTopic', 0, 11, 100)
  clock.advance(10_000)
  const asked = await ask(viewBrokerStatsData({ statistics }), { statsName: 'TOPIC_PUT_NUMS', statsKey: 'CapTopic' })
  expect(brokerStatsBody.decode(asked.body)).toEqual({
    statsMinute: { sum: 11, tps: 1.1, avgpt: 11 },
    statsHour: { sum: 0, tps: 0, avgpt: 0 },
    statsDay: { sum: 0, tps: 0, avgpt: 0 },
  })
  expect(
    await ask(viewBrokerStatsData({ statistics }), { statsName: 'TOPIC_PUT_NUMS', statsKey: 'Nope' }),
  ).toMatchObject({
    code: 1,
    remark: 'The stats <TOPIC_PUT_NUMS> <Nope> not exist',
  })
})
