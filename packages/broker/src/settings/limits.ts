import { applied, int, live } from '@rocketmq-ts/settings'

/** Of this broker alone: RocketMQ has no such limits. What clients name takes memory for good; these bound it. */
export const limitSettings = applied('Limits', {
  maxAutoCreatedGroupNum: live(
    int({ min: 0 }),
    100_000,
    'Consumer groups, beyond which none is made for a client that uses an unknown one. Administrators make more.',
  ),
  maxLmqOffsetNum: live(int({ min: 0 }), 1_000_000, 'Offsets of groups in light queues.'),
  maxMessageRequestModeNum: live(
    int({ min: 0 }),
    100_000,
    'Pairs of a group and a topic for which it is set how messages are got.',
  ),
  maxQueueLockNum: live(int({ min: 0 }), 1_000_000, 'Queues that members of groups may have for themselves.'),
})
