import { pollUntil } from '../../targets/deadline.ts'
import { type Case, differs, type Server, type Step } from '../case.ts'
import { frameOf } from '../frame.ts'
import type { Observation } from '../observation.ts'
import { makeTopic, request, send, sendRequest } from '../steps.ts'

const topic = 'Counted'
const group = 'counters'
const poppers = 'poppers'
const schedule = 'SCHEDULE_TOPIC_XXXX'
const cluster = 'DefaultCluster'

const makeGroup = (groupName: string): Step =>
  request(`group ${groupName}`, 200, {}, { body: JSON.stringify({ groupName, consumeEnable: true }) })

const heartbeat: Step = request(
  'heartbeat of a producer and a consumer',
  34,
  {},
  {
    body: JSON.stringify({
      clientID: 'counted-client',
      heartbeatFingerprint: 0,
      producerDataSet: [{ groupName: 'counted-producers' }],
      consumerDataSet: [
        {
          groupName: group,
          consumeType: 'CONSUME_PASSIVELY',
          messageModel: 'CLUSTERING',
          consumeFromWhere: 'CONSUME_FROM_FIRST_OFFSET',
          unitMode: false,
          subscriptionDataSet: [
            { topic, subString: '*', expressionType: 'TAG', subVersion: 1, tagsSet: [], codeSet: [] },
          ],
        },
      ],
    }),
  },
)

/** Where it stands until then depends on the delays of other cases. */
const delayed: Step = {
  what: 'send with a delay',
  run: async (server) => {
    const { code } = (await server.request(sendRequest(topic, { properties: { DELAY: '1' } }))) as { code: number }
    return { code }
  },
}

const pull: Step = request('pull', 11, {
  consumerGroup: group,
  topic,
  queueId: 0,
  queueOffset: 0,
  maxMsgNums: 2,
  sysFlag: 4,
  commitOffset: 0,
  suspendTimeoutMillis: 0,
  subscription: '*',
  subVersion: 1,
  expressionType: 'TAG',
})

/** A message goes back to be had again, or to the dead letters. */
const sendBack = (delayLevel: number): Step => ({
  what: `send back with level ${delayLevel}`,
  run: async (server) => {
    const offset = String(await server.logOffset(topic, 0))
    const fields = { offset, group, delayLevel: String(delayLevel), originTopic: topic, unitMode: 'false' }
    return server.request({ code: 36, fields })
  },
})

/** Pops of any queue; the answer holds times and queues that chance decides about. */
const pop: Step = {
  what: 'pop',
  run: async (server) => {
    const fields = {
      consumerGroup: poppers,
      topic,
      queueId: '-1',
      maxMsgNums: '1',
      invisibleTime: '60000',
      pollTime: '0',
      bornTime: String(Date.now()),
      initMode: '0',
      expType: 'TAG',
      exp: '*',
      order: 'false',
    }
    const { code } = (await server.ask(frameOf({ code: 200_050, fields }))) as { code: number }
    return { code }
  },
}

const viewed = (server: Server, statsName: string, statsKey: string): Promise<Observation> =>
  server.request({ code: 315, fields: { statsName, statsKey } })

const view = (statsName: string, statsKey: string): Step => ({
  what: `${statsName} of ${statsKey}`,
  run: (server) => viewed(server, statsName, statsKey),
})

/** Once it is there, which takes as long as a delay. */
const viewLater = (statsName: string, statsKey: string): Step => ({
  what: `${statsName} of ${statsKey}, later`,
  run: (server) =>
    pollUntil(`${statsName} of ${statsKey}`, async () => {
      const seen = await viewed(server, statsName, statsKey)
      return (seen as { code: number }).code === 0 ? seen : { notYet: JSON.stringify(seen) }
    }),
})

/** Which statistics there are. Their values are rates. */
export const statisticsCases: readonly Case[] = [
  {
    title: 'statistics of what was sent, pulled, popped, sent back and delayed',
    harm: 'its delays and its checkpoint take offsets in the topics of delay levels and of the timer',
    steps: [
      makeTopic(topic),
      makeGroup(group),
      makeGroup(poppers),
      heartbeat,
      send(topic),
      delayed,
      pull,
      sendBack(1),
      sendBack(-1),
      pop,
      view('TOPIC_PUT_NUMS', topic),
      view('TOPIC_PUT_SIZE', topic),
      view('TOPIC_PUT_NUMS', 'NeverCounted'),
      view('TOPIC_PUT_LATENCY', `0@${topic}`),
      view('TOPIC_PUT_LATENCY', `1@${topic}`),
      view('TOPIC_PUT_NUMS', schedule),
      view('QUEUE_PUT_NUMS', `${schedule}@0`),
      view('QUEUE_PUT_SIZE', `${schedule}@0`),
      view('QUEUE_PUT_NUMS', `${schedule}@17`),
      view('QUEUE_PUT_NUMS', `${topic}@0`),
      view('GROUP_GET_NUMS', `${topic}@${group}`),
      view('GROUP_GET_SIZE', `${topic}@${group}`),
      view('GROUP_GET_NUMS', `${topic}@nobody`),
      view('GROUP_GET_LATENCY', `0@${topic}@${group}`),
      view('GROUP_GET_LATENCY', `1@${topic}@${group}`),
      view('SNDBCK_PUT_NUMS', `${topic}@${group}`),
      view('SNDBCK2DLQ_TIMES', `null@${topic}@${group}@SEND_BACK_TO_DLQ`),
      differs(view('DLQ_PUT_NUMS', `${topic}@${group}`), {
        reason: 'the official broker has the name, and counts nothing under it',
        official: { code: 1 },
        ours: { code: 0 },
      }),
      view('GROUP_GET_NUMS', `${topic}@${poppers}`),
      view('GROUP_GET_LATENCY', `-1@${topic}@${poppers}`),
      view('GROUP_CK_NUMS', `${topic}@${poppers}`),
      view('GROUP_ACK_NUMS', `${topic}@nobody`),
      view('BROKER_CK_NUMS', cluster),
      view('BROKER_PUT_NUMS', cluster),
      view('BROKER_GET_NUMS', cluster),
      view('BROKER_PUT_NUMS_WITHOUT_SYSTEM_TOPIC', cluster),
      view('BROKER_GET_NUMS_WITHOUT_SYSTEM_TOPIC', cluster),
      view('BROKER_PUT_NUMS', 'OtherCluster'),
      view('CONSUMER_REGISTER_TIME', cluster),
      view('PRODUCER_REGISTER_TIME', cluster),
      view('CHANNEL_ACTIVITY', 'CONNECT'),
      view('CHANNEL_ACTIVITY', 'NOTHING'),
      view('GROUP_GET_FROM_DISK_NUMS', `${topic}@${group}`),
      view('GROUP_GET_FALL_SIZE', `0@${topic}@${group}`),
      view('COMMERCIAL_SEND_TIMES', topic),
      view('NO_SUCH_STATISTIC', topic),
      viewLater('GROUP_GET_NUMS', `${schedule}@SCHEDULE_CONSUMER`),
      view('GROUP_GET_SIZE', `${schedule}@SCHEDULE_CONSUMER`),
      view('QUEUE_GET_NUMS', `${schedule}@0@SCHEDULE_CONSUMER`),
      view('QUEUE_GET_SIZE', `${schedule}@0@SCHEDULE_CONSUMER`),
    ],
  },
]
