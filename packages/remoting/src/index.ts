export {
  type Access,
  type Action,
  anyOf,
  cluster,
  create,
  type Demand,
  type Guard,
  type GuardedRequest,
  get,
  group,
  list,
  namedInBody,
  onGroup,
  onTopic,
  ownCluster,
  publish,
  remove,
  subscribe,
  topic,
  update,
} from './access.ts'
export { formatAddress, parseAddress } from './address.ts'
export { answeredLater, type Call, type Reply } from './call.ts'
export {
  type CommandTable,
  type Entry,
  type Handler,
  type Lane,
  serve,
  unsupported,
} from './command-table.ts'
export type { LookAhead } from './look-ahead.ts'
export type { Observer } from './observer.ts'
export { replyToError } from './open-call.ts'
export { Peer, type PeerOptions } from './peer.ts'
export { type Answer, type InvokeOptions, RemotingClient } from './remoting-client.ts'
export type { ConnectionEnd, RemotingConnection } from './remoting-connection.ts'
export { ConnectionLostError, RequestTimeoutError, ResponseError } from './remoting-error.ts'
export { RemotingServer, type RemotingServerOptions } from './remoting-server.ts'
export type { SignedRequest, Signer } from './signer.ts'
