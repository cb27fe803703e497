export { type EmbeddedRocketMQ, type StartOptions, startRocketMQ } from './embedded-rocketmq.ts'
