import { applied, atRestart, boolean, int, live, long, notServed } from '@rocketmq-ts/settings'

const area = 'Lite topics'

export const liteSettings = {
  ...applied(area, {
    maxLiteSubscriptionCount: live(long({ min: 0 }), 100_000, 'Subscriptions to lite topics.'),
    minLiteTTl: live(
      long({ min: 0, unit: 'ms' }),
      900_000,
      'Milliseconds that an unused lite topic is kept at least, and all of them after a start.',
    ),
    liteTtlCheckInterval: atRestart(
      long({ min: 1000, unit: 'ms' }),
      120_000,
      'Milliseconds between two looks for unused lite topics.',
    ),
    liteSubscriptionCheckInterval: atRestart(
      long({ min: 1000, unit: 'ms' }),
      120_000,
      'Milliseconds between two looks for clients that do not say any more what they subscribe to.',
    ),
    liteSubscriptionCheckTimeoutMills: live(
      long({ min: 1000, unit: 'ms' }),
      180_000,
      'Milliseconds after which the subscriptions of such a client end.',
    ),
    maxClientEventCount: live(
      int({ min: 1 }),
      100,
      'Lite topics that wait for a client to ask; the others follow as these are taken.',
    ),
    liteEventCheckInterval: atRestart(
      long({ min: 100, unit: 'ms' }),
      10_000,
      'Milliseconds between two looks at clients that do not ask.',
    ),
    liteEventFullDispatchDelayTime: live(
      long({ min: 50, unit: 'ms' }),
      10_000,
      'Milliseconds after which a client begins to be told of what was too much before; the rest follows as it takes that.',
    ),
    liteEventFullDispatchDelayTimeForWildcardGroup: live(
      long({ min: 50, unit: 'ms' }),
      10_000,
      'The same for a group that consumes all lite topics.',
    ),
  }),
  ...notServed(area, 'clients are always told which lite topics have messages', {
    enableLiteEventMode: live(boolean, true, 'Clients are told which lite topics have messages.'),
  }),
}
