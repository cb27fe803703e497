export {
  bodyLength,
  encodeFrame,
  encodeFrameHead,
  encodeFrameHeader,
  type FrameBody,
  type FrameHeader,
  frameHeadBytesMax,
  type OutgoingCommand,
  writeFrameHead,
} from './encode-frame.ts'
export { FrameDecoder, frameBytesMax } from './frame-decoder.ts'
export { FrameError } from './frame-error.ts'
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
