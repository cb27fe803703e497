/**
 * Keys of RocketMQ 5.5.0 beside `brokerSettings`, with their defaults: tuning of its threads, RocksDB, Netty and
 * internals that have no counterpart here. In a broker.conf they are not unknown, and have no effect.
 */
export const otherBrokerKeys: ReadonlyMap<string, string> = new Map(
  `
  accessMessageInMemoryHotRatio=26 accountStatsEnable=true accountStatsPrintZeroValues=true
  ackThreadPoolQueueCapacity=100000 aclCacheExpiredSecond=600 aclCacheRefreshSecond=60
  adminBrokerThreadPoolQueueCapacity=10000 asyncSendEnable=true autoDeleteUnusedStats=true
  autoMessageVersionOnTopicLen=true batchDispatchRequestThreadPoolNums=16
  bottomMostCompressionTypeForConsumeQueueStore=zstd broadcastOffsetExpireMaxSecond=300
  broadcastOffsetExpireSecond=120 channelNotActiveInterval=60000 checkCommitLogOffsetOnRecover=false
  cleanOfflineBrokerInterval=30000 cleanRocksDBDirtyCQIntervalMin=60 cleanSwapedMapInterval=300000
  clearRetryTopicWhenDeleteTopic=true clientAsyncSemaphoreValue=65535
  clientChannelMaxIdleTimeSeconds=120 clientCloseSocketIfTimeout=true clientOnewaySemaphoreValue=65535
  clientPooledByteBufAllocatorEnable=false clientSocketRcvBufSize=0 clientSocketSndBufSize=0 clientWorkerThreads=4
  clusterName= coldDataScanEnable=false combineAssignOffsetCQType=default combineCQEnableCheckSelf=false
  combineCQLoadingCQTypes=default;defaultRocksDB combineCQMaxExtraSearchCommitLogFiles=3 combineCQPreferCQType=default
  combineCQUseRocksdbForLmq=false commercialBaseCount=1 commercialSizePerMsg=4096
  commitLogForceSwapMapInterval=43200000 commitLogRecoverMaxNum=10 commitLogSwapMapInterval=3600000
  commitLogSwapMapReserveFileNum=100 configName= connectTimeoutMillis=3000
  consumerOffsetUpdateVersionStep=500 correctLogicMinOffsetForceInterval=300000 correctLogicMinOffsetSleepInterval=1
  delayOffsetUpdateVersionStep=200 deleteFileBatchMax=10 disableCallbackExecutor=false disableNettyWorkerGroup=false
  disappearTimeAfterStart=-1 dispatchCqCacheNum=4096 dispatchCqThreads=10 dispatchFromSenderThread=false
  enableAcceleratedRecovery=false enableAsyncReput=true enableBatchPush=false
  enableBuildConsumeQueueConcurrently=false enableCleanExpiredOffset=false enableConnectionMetrics=true
  enableCreateSysGroup=true enableFastChannelEventProcess=false enableLagAndDlqMetrics=true enableLitePopLog=false
  enableLogConsumeQueueRepeatedlyBuildWhenRecover=false enableMessageStoreMetrics=true
  enableNetWorkFlowControl=false enableNotifyAfterPopOrderLockRelease=true enableNotifyBeforePopCalculateLag=true
  enablePopBatchAck=false enablePopLog=false enableReconnectForGoAway=true enableRegisterProducer=true
  enableRemotingMetrics=true enableRequestMetrics=true enableRocksDBLog=false enableRunningFlagsInFlush=false
  enableScheduleMessageStats=true enableSplitMetadata=true enableStatsMetrics=true enableTransactionMetrics=true
  enabledAppendPropCRC=false estimateAccumulation=true fetchNamesrvAddrInterval=10000 forceVerifyPropCRC=false
  heartbeatThreadPoolQueueCapacity=50000 highSpeedMode=false indexFileReadEnable=true
  indexFileWriteEnable=true initPopOffsetByCheckMsgInMem=true isScanAvailableNameSrv=true isolateLogEnable=false
  iteratorWhenUseRocksdbConsumeQueue=true
  liteLagCountMetricsEnable=false
  liteLagLatencyCollectEnable=false liteLagLatencyMetricsEnable=false liteLagLatencyTopK=50
  litePullMessageThreadPoolNums=20 litePullThreadPoolQueueCapacity=100000 loadBalancePollNameServerInterval=30000
  loadBalanceProcessorThreadPoolNums=32 loadBalanceThreadPoolQueueCapacity=100000
  logicQueueForceSwapMapInterval=43200000 logicQueueSwapMapInterval=3600000 logicQueueSwapMapReserveFileNum=20
  mappedFileSwapEnable=true
  maxAsyncPutMessageRequests=5000 maxBatchDeleteFilesNum=50 maxChecksumRange=1073741824 maxConsumeQueueScan=20000
  maxMessageFilterNumForNotification=64
  maxReconnectIntervalTimeSeconds=60 maxRocksDBIndexQueryDays=7 maxSlaveResendLength=268435456 maxTopicLength=127
  memTableFlushIntervalMs=3600000 messageStorePlugIn= persistConsumerOffsetIncrementally=false
  popCkOffsetMaxQueueSize=20000 popCkStayBufferTimeOut=3000 popConsumerFSServiceInit=true
  popConsumerKVServiceLog=false popLongPollingForceNotifyInterval=800
  popPollingMapExpireTimeSeconds=600 popReviveConcurrency=32 popReviveMaxReturnSizePerRead=16384
  popReviveSkipIfGroupAbsent=true preferredLeaderId= printChannelGroups=false printChannelGroupsMinNum=5
  processReplyMessageThreadPoolNums=20 putConsumeQueueDataByFileChannel=true
  putMessageFutureThreadPoolNums=2 putMsgIndexHightWater=600000 putThreadPoolQueueCapacity=10000
  realTimePersistRocksDBConfig=true recheckReputOffsetFromCq=false recoverConcurrently=false recoverThreadPoolNums=32
  replicasPerDiskPartition=1 replyThreadPoolQueueCapacity=10000 reviveAckWaitMs=180000 reviveMaxSlow=3
  rocksdbCQDoubleWriteEnable=false rocksdbCompressionType=lz4 rocksdbFlushWalFrequency=1024
  rocksdbWalFileRollingThreshold=1073741824 sampleCountThreshold=5000 sampleSteps=32
  scheduleAsyncDeliverMaxPendingLimit=2000 scheduleAsyncDeliverMaxResendNum2Blocked=3 searchBcqByCacheEnable=true
  sendHeartbeatTimeoutMillis=1000 serverCallbackExecutorThreads=0 serverNettyWorkerGroupEnable=true
  serverSocketRcvBufSize=0 serverSocketSndBufSize=0 sharedByteBufferNum=16 skipWhenCKRePutReachMaxTimes=false
  socksProxyConfig={} spinLockCollisionRetreatOptimalDegree=1000 splitMetadataSize=2000 statRocksDBCQIntervalSec=10
  statefulAuthenticationCacheMaxNum=10000 statefulAuthorizationCacheExpiredSecond=60
  statefulAuthorizationCacheMaxNum=10000 storePathDLedgerCommitLog= syncBrokerMemberGroupPeriod=1000
  syncMasterFlushOffsetWhenStartup=false timerCheckMetricsWhen=05 timerColdDataCheckIntervalMs=60000
  timerEnableCheckMetrics=true timerEnableDisruptor=false timerEnableRetryUntilSuccess=false
  timerGetMessageThreadNum=3 timerMetricSmallThreshold=1000000 timerProgressLogIntervalMs=10000
  timerPutMessageThreadNum=3 timerRecallToTimeWheelEnable=true timerRecallToTimelineEnable=true
  timerReputServiceCorePoolSize=6 timerReputServiceMaxPoolSize=6 timerReputServiceQueueCapacity=10000
  timerRocksDBPrecisionMs=1000 timerRocksDBRollIntervalHours=1 timerRocksDBRollMaxTps=8000.0
  timerRocksDBRollRangeHours=2 timerRocksDBStopScan=false timerRocksDBTimeExpiredMaxTps=200000.0
  timerSkipUnknownError=false timerWarmEnable=false timerWheelSnapshotIntervalMs=10000 topicQueueLockNum=32
  transWriteOriginTransHalfEnable=true transactionCheckRocksdbCoreThreads=2 transactionCheckRocksdbMaxThreads=5
  transactionCheckRocksdbQueueCapacity=2000 transactionMetricFlushInterval=10000 travelCqFileNumWhenGetMessage=1
  updateNameServerAddrPeriod=120000 useABSLock=false useMessageFilterForNotification=true usePIDColdCtrStrategy=true
  useSeparateStorePathForRocksdbCQ=false useSingleRocksDBForAllConfigs=false useStaticSubscription=false
  userCacheRefreshSecond=60 validateSystemTopicWhenUpdateTopic=true waitTimeMillsInAckQueue=3000
  waitTimeMillsInAdminBrokerQueue=5000 waitTimeMillsInLitePullQueue=5000 waitTimeMillsInTransactionQueue=3000
  wakeCommitWhenPutMessage=true wakeFlushWhenPutMessage=false writeBufferHighWaterMark=0 writeBufferLowWaterMark=0
  writeWithoutMmap=false
  `
    .trim()
    .split(/\s+/)
    .map((word) => {
      const separator = word.indexOf('=')
      return [word.slice(0, separator), word.slice(separator + 1)]
    }),
)
