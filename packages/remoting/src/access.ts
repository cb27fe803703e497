import { type AnyCommand, type RemotingCommand, type RequestOf, retryTopicPrefix } from '@rocketmq-ts/protocol'

/** What a peer wants to do with a resource, named as in RocketMQ's access control lists. */
export type Action = 'PUB' | 'SUB' | 'CREATE' | 'UPDATE' | 'DELETE' | 'GET' | 'LIST'

export type ResourceType = 'topic' | 'group' | 'cluster'

/** One resource that a request touches. At least one of the actions must be allowed on it. */
export interface Demand {
  readonly type: ResourceType
  /** Undefined for the cluster that the server itself belongs to. */
  readonly name: string | undefined
  readonly anyOf: readonly Action[]
}

/** Tells which field of a request's header names a resource. */
export interface ResourceRule<Field extends string> {
  readonly type: ResourceType
  /** Undefined for the server's own cluster. */
  readonly field: Field | undefined
  /** Separates several names in one field. */
  readonly separator: string | undefined
}

/** What a request demands: actions on the resources that its header names, or what its body names. */
export interface Access<Field extends string = string> {
  readonly anyOf: readonly Action[]
  readonly resources: readonly ResourceRule<Field>[]
  readonly ofBody: ((body: Buffer) => readonly Demand[]) | undefined
}

/** Request fields of a command that can name a resource: those of type text. */
export type TextField<C extends AnyCommand> = {
  [Key in keyof C['request'] & string]: C['request'][Key] extends { readonly kind: 'str' } ? Key : never
}[keyof C['request'] & string]

/** @param separator between several names in the field */
export function topic<const Field extends string>(field: Field, separator?: string): ResourceRule<Field> {
  return { type: 'topic', field, separator }
}

/** @param separator between several names in the field */
export function group<const Field extends string>(field: Field, separator?: string): ResourceRule<Field> {
  return { type: 'group', field, separator }
}

/** The cluster that a field names; the server's own when the field is absent. */
export function cluster<const Field extends string>(field: Field): ResourceRule<Field> {
  return { type: 'cluster', field, separator: undefined }
}

/** The cluster that the server itself belongs to. */
export const ownCluster: ResourceRule<never> = { type: 'cluster', field: undefined, separator: undefined }

/** Demands one of the actions on every resource. */
export function anyOf<Field extends string>(
  actions: readonly [Action, ...Action[]],
  ...resources: readonly [ResourceRule<Field>, ...ResourceRule<Field>[]]
): Access<Field> {
  return { anyOf: actions, resources, ofBody: undefined }
}

type AccessOf = <Field extends string>(
  ...resources: readonly [ResourceRule<Field>, ...ResourceRule<Field>[]]
) => Access<Field>

export const publish: AccessOf = (...resources) => anyOf(['PUB'], ...resources)
export const subscribe: AccessOf = (...resources) => anyOf(['SUB'], ...resources)
export const create: AccessOf = (...resources) => anyOf(['CREATE'], ...resources)
export const update: AccessOf = (...resources) => anyOf(['UPDATE'], ...resources)
export const remove: AccessOf = (...resources) => anyOf(['DELETE'], ...resources)
export const get: AccessOf = (...resources) => anyOf(['GET'], ...resources)
export const list: AccessOf = (...resources) => anyOf(['LIST'], ...resources)

/** @param demands reads what the body names; an error that it throws answers the request */
export function namedInBody(demands: (body: Buffer) => readonly Demand[]): Access<never> {
  return { anyOf: [], resources: [], ofBody: demands }
}

/**
 * A demand on a topic. The retry topic of a group belongs to the group: a peer that may subscribe as the group may send
 * to it and read it.
 */
export function onTopic(name: string, actions: readonly Action[]): Demand {
  if (!name.startsWith(retryTopicPrefix)) return { type: 'topic', name, anyOf: actions }
  const ofGroup = actions.map((action) => (action === 'PUB' ? 'SUB' : action))
  return { type: 'group', name: name.slice(retryTopicPrefix.length), anyOf: [...new Set(ofGroup)] }
}

export function onGroup(name: string, actions: readonly Action[]): Demand {
  return {
    type: 'group',
    name: name.startsWith(retryTopicPrefix) ? name.slice(retryTopicPrefix.length) : name,
    anyOf: actions,
  }
}

/**
 * What a request demands. An absent optional field demands nothing.
 * @throws what reading the body throws, when the body names the resources
 */
export function demandsOf(access: Access, header: RequestOf<AnyCommand>, body: Buffer): readonly Demand[] {
  if (access.ofBody !== undefined) return access.ofBody(body)
  const demands: Demand[] = []
  for (const { type, field, separator } of access.resources) {
    const text: string | undefined = field === undefined ? undefined : header[field]
    if (type === 'cluster') demands.push({ type, name: text, anyOf: access.anyOf })
    else if (text === undefined) continue
    else if (separator === undefined) demands.push(onNamed(type, text, access.anyOf))
    else {
      for (const name of text.split(separator)) if (name !== '') demands.push(onNamed(type, name, access.anyOf))
    }
  }
  return demands
}

function onNamed(type: 'topic' | 'group', name: string, actions: readonly Action[]): Demand {
  return type === 'topic' ? onTopic(name, actions) : onGroup(name, actions)
}

/** What a guard decides about. */
export interface GuardedRequest {
  /** The peer's `host:port`. */
  readonly peer: string
  readonly command: AnyCommand
  /** The frame as it came: a signature covers its extFields and its body. */
  readonly request: RemotingCommand
  /** All of them must be allowed. Empty when no optional field names a resource. */
  readonly demands: readonly Demand[]
}

/**
 * Asked before a request is handled. An error that it throws answers the request, which is not handled.
 * @returns undefined when the request may be handled; otherwise the reason, which goes back with NO_PERMISSION
 */
export type Guard = (request: GuardedRequest) => string | undefined
