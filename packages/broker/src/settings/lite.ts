import { boolean, int, live, long, notServed } from '@rocketmq-ts/settings'

export const liteSettings = notServed('Lite topics', 'lite topics are not served yet', {
  enableLiteEventMode: live(boolean, true, 'Consumers are told which lite topics have messages.'),
  maxLiteSubscriptionCount: live(long(), 100_000, 'Subscriptions to lite topics.'),
  minLiteTTl: live(long({ unit: 'ms' }), 900_000, 'Milliseconds that an unused lite topic is kept at least.'),
  liteTtlCheckInterval: live(long({ unit: 'ms' }), 120_000, 'Milliseconds between two looks for unused ones.'),
  liteSubscriptionCheckInterval: live(
    long({ unit: 'ms' }),
    120_000,
    'Milliseconds between two looks at subscriptions.',
  ),
  liteSubscriptionCheckTimeoutMills: live(long({ unit: 'ms' }), 180_000, 'Milliseconds after which one has ended.'),
  maxClientEventCount: live(int(), 100, 'Events that wait for a consumer.'),
  liteEventCheckInterval: live(long({ unit: 'ms' }), 10_000, 'Milliseconds between two looks at waiting events.'),
})
