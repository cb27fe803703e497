export { encodeFrame, encodeFrameHead, jsonFrameHeadBytesMax, writeJsonFrameHead } from './encode-frame.ts'
export { FrameDecoder, frameBytesMax } from './frame-decoder.ts'
export { FrameError } from './frame-error.ts'
export { HeaderPatterns } from './json-header-reader.ts'
export { bodyLength, type FrameBody, type OutgoingCommand } from './outgoing-command.ts'
export {
  flags,
  isOneWay,
  isResponse,
  languages,
  ownLanguage,
  protocolVersion,
  protocolVersionName,
  type RemotingCommand,
  type SerializeType,
} from './remoting-command.ts'
