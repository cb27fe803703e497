/** SEND_MESSAGE_V2 is SEND_MESSAGE with one-letter names of its header fields, which its declaration maps. */
export { sendMessage as sendMessageV2 } from './send-message.ts'
