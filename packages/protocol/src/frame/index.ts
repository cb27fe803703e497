export { encodeFrame, encodeFrameHead, frameHeadBytesMax, writeFrameHead } from './encode-frame.ts'
export { FrameDecoder, frameBytesMax } from './frame-decoder.ts'
export { FrameError } from './frame-error.ts'
export { bodyLength, type FrameBody, type OutgoingCommand } from './outgoing-command.ts'
export { HeaderPatterns } from './pattern-reader.ts'
export {
  flags,
  isOneWay,
  isResponse,
  languages,
  protocolVersion,
  protocolVersionName,
  type RemotingCommand,
  type SerializeType,
} from './remoting-command.ts'
