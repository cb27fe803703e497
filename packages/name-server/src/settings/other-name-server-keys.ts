/**
 * Keys of RocketMQ 5.5.0 besides `nameServerSettings`, with their defaults: tuning of its threads and of Netty. In a
 * namesrv.conf they are known, but have no effect.
 */
export const otherNameServerKeys: ReadonlyMap<string, string> = new Map([
  ['clientRequestThreadPoolQueueCapacity', '50000'],
  ['defaultThreadPoolQueueCapacity', '10000'],
  ['enableShutdownGracefully', 'false'],
  ['serverAsyncSemaphoreValue', '64'],
  ['serverCallbackExecutorThreads', '0'],
  ['serverNettyWorkerGroupEnable', 'true'],
  ['serverOnewaySemaphoreValue', '256'],
  ['serverPooledByteBufAllocatorEnable', 'true'],
  ['serverSelectorThreads', '3'],
  ['serverSocketRcvBufSize', '0'],
  ['serverSocketSndBufSize', '0'],
  ['serverWorkerThreads', '8'],
  ['shutdownWaitTimeSeconds', '30'],
  ['useEpollNativeSelector', 'false'],
  ['writeBufferHighWaterMark', '0'],
  ['writeBufferLowWaterMark', '0'],
])
