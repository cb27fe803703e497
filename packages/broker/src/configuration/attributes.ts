import { ProtocolError } from '@rocketmq-ts/protocol'
import type { AttributeKinds } from './attribute-kinds.ts'

/** Changes of attributes by name with their sign: `+name` to the value, `-name` to nothing. */
export type AttributeChanges = ReadonlyMap<string, string>

function refuse(remark: string): never {
  throw new ProtocolError('SYSTEM_ERROR', remark)
}

/**
 * Reads `+name=value,-name`, the form of the header of UPDATE_AND_CREATE_TOPIC.
 * @throws ProtocolError when it is malformed or names an attribute twice
 */
export function parseAttributeChanges(text: string): Map<string, string> {
  const changes = new Map<string, string>()
  for (const part of text.split(',')) {
    if (part === '') continue
    const equals = part.indexOf('=')
    const key = equals < 0 ? part : part.slice(0, equals)
    if (equals < 0) {
      if (!part.startsWith('-')) refuse(`delete attribute format is wrong: ${part}`)
    } else if (!key.startsWith('+')) {
      refuse(`add/alter attribute format is wrong: ${key}`)
    }
    if (changes.has(key)) refuse(`key duplication: ${key}`)
    changes.set(key, equals < 0 ? '' : part.slice(equals + 1))
  }
  return changes
}

/**
 * The attributes after changes.
 * @param current undefined while what they belong to is created
 * @throws ProtocolError when an attribute is unknown, unchangeable, absent where it is deleted, or its value is wrong
 */
export function alteredAttributes(
  kinds: AttributeKinds,
  current: ReadonlyMap<string, string> | undefined,
  changes: AttributeChanges,
): Map<string, string> {
  const result = new Map(current)
  const named = new Set<string>()
  for (const [key, value] of changes) {
    const name = key.slice(1)
    if (name === '') refuse('kv string format wrong.')
    if (named.has(name)) refuse(`key duplication: ${name}`)
    named.add(name)
    if (key.startsWith('+')) {
      add(kinds, current !== undefined, name, value)
      result.set(name, value)
    } else if (key.startsWith('-')) {
      if (current === undefined) refuse(`only add attribute is supported while creating topic. key: ${name}`)
      if (!current.has(name)) refuse(`attempt to delete a nonexistent key: ${name}`)
      if (kinds.get(name)?.isChangeable === false) refuse(`attempt to update an unchangeable attribute. key: ${name}`)
      result.delete(name)
    } else {
      refuse(`wrong format key: ${key}`)
    }
  }
  return result
}

function add(kinds: AttributeKinds, exists: boolean, name: string, value: string): void {
  const kind = kinds.get(name)
  if (kind === undefined) refuse(`unsupported key: ${name}`)
  if (exists && !kind.isChangeable) refuse(`attempt to update an unchangeable attribute. key: ${name}`)
  const problem = kind.problemOf(value)
  if (problem !== undefined) refuse(problem)
}
