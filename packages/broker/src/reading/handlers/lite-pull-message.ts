/** LITE_PULL_MESSAGE is PULL_MESSAGE in a lane of its own. */
export { pullMessage as litePullMessage } from './pull-message.ts'
