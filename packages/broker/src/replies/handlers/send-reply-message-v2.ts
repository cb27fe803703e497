/** SEND_REPLY_MESSAGE_V2 is SEND_REPLY_MESSAGE with one-letter names of its header fields, which its declaration maps. */
export { sendReplyMessage as sendReplyMessageV2 } from './send-reply-message.ts'
