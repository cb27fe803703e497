import { type Case, differs } from '../case.ts'
import {
  batched,
  eventually,
  heartbeat,
  makeGroup,
  makeTopic,
  over,
  pull,
  reaches,
  request,
  send,
  sendBack,
  sendBatch,
} from '../steps.ts'

const ipv4 = '127.0.0.1'

/** For brokers whose own address is one of IPv6. */
export const ipv6Cases: readonly Case[] = [
  {
    title: 'messages of IPv6 and IPv4 clients',
    steps: [
      makeTopic('Six'),
      send('Six', { body: 'by IPv6' }),
      over(ipv4, send('Six', { body: 'by IPv4' })),
      ...[16, 32, 48].map((sysFlag) => send('Six', { body: `by IPv6, flag ${sysFlag}`, fields: { sysFlag } })),
      eventually(pull('Six'), (text) => text.includes('flag 48')),
      sendBatch('Six', [batched('batch by IPv6'), batched('second')]),
      over(ipv4, sendBatch('Six', [batched('batch by IPv4'), batched('second')])),
      eventually(pull('Six', { queueOffset: 5 }), (text) => text.includes('"queueOffset":8')),
    ],
  },
  {
    title: 'messages of IPv6 and IPv4 clients that are stored once more',
    steps: [
      makeTopic('SixAgain'),
      makeGroup('six-again', { retryMaxTimes: 0 }),
      send('SixAgain', { body: 'by IPv6' }),
      over(ipv4, send('SixAgain', { body: 'by IPv4' })),
      eventually(pull('SixAgain'), (text) => text.includes('by IPv4')),
      sendBack('SixAgain', 0, 'six-again'),
      sendBack('SixAgain', 1, 'six-again'),
      over(ipv4, sendBack('SixAgain', 0, 'six-again')),
      reaches('%DLQ%six-again', 3),
      pull('%DLQ%six-again'),
      send('SixAgain', { body: 'delayed by IPv6', properties: { DELAY: '1' } }),
      over(ipv4, send('SixAgain', { body: 'delayed by IPv4', properties: { DELAY: '1' } })),
      eventually(pull('SixAgain', { queueOffset: 2 }), (text) => text.includes('"queueOffset":3')),
    ],
  },
  {
    title: 'what is told of IPv6 and IPv4 clients',
    steps: [
      makeTopic('SixClients'),
      heartbeat('six-clients', 'SixClients', { subString: '*', codeSet: [], clientID: 'six' }),
      over(ipv4, heartbeat('six-clients', 'SixClients', { subString: '*', codeSet: [], clientID: 'four' })),
      differs(request('connections', 203, { consumerGroup: 'six-clients' }, { answer: 'sets' }), {
        reason: 'an IPv6 address is written in its short form',
        official: { body: { connectionSet: [{ clientId: 'four' }, { clientAddr: '[0:0:0:0:0:0:0:1]:<port>' }] } },
        ours: { body: { connectionSet: [{ clientId: 'four' }, { clientAddr: '[::1]:<port>' }] } },
      }),
      request('topics of a group', 343, { group: 'six-clients' }, { answer: 'sets' }),
    ],
  },
]
