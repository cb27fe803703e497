export {
  type Access,
  type Action,
  anyOf,
  cluster,
  create,
  type Demand,
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
export { parseAddress } from './address.ts'
export type { Call } from './call.ts'
export {
  type CommandTable,
  type Entry,
  type Handler,
  type Lane,
  type LookAhead,
  serve,
  unsupported,
} from './command-table.ts'
export { replyToError } from './dispatcher.ts'
export type { Guard, GuardedRequest } from './guard.ts'
export { type Answer, type InvokeOptions, RemotingClient } from './remoting-client.ts'
export { RemotingConnection } from './remoting-connection.ts'
export { ConnectionLostError, RequestTimeoutError, ResponseError } from './remoting-error.ts'
export { RemotingServer, type RemotingServerOptions } from './remoting-server.ts'
export { answeredLater, type Reply } from './reply.ts'
