import { type FileSystem, makeFolderOf, replaceFile } from '@rocketmq-ts/platform'
import { formatConfigJson, JsonError, type JsonValue, parseJson } from '@rocketmq-ts/protocol'

/** Namespace to key to value. */
export type KeyValueTables = Map<string, Map<string, string>>

/** Neither the file nor its `.bak` can be read. */
export class DamagedFileError extends Error {
  override readonly name = 'DamagedFileError'
}

/**
 * Reads `{"configTable":{namespace:{key:value}}}`, RocketMQ's kvConfig.json. When the file is missing or damaged, its
 * `.bak` is read.
 *
 * @throws DamagedFileError when neither can be read and one of them exists
 */
export function readKeyValueFile(fileSystem: FileSystem, path: string): KeyValueTables {
  let problem: unknown
  for (const candidate of [path, backupPath(path)]) {
    const content = fileSystem.readFile(candidate)
    if (content === undefined || content.length === 0) continue
    try {
      return tablesOf(parseJson(content.toString('utf8')))
    } catch (error) {
      if (!(error instanceof JsonError || error instanceof TypeError)) throw error
      problem ??= error
    }
  }
  if (problem === undefined) return new Map()
  throw new DamagedFileError(`${path} is no key-value configuration: repair it, or move it and its .bak away`, {
    cause: problem,
  })
}

/** Replaces the file as a whole; its previous content is kept as `.bak`. */
export function writeKeyValueFile(fileSystem: FileSystem, path: string, tables: KeyValueTables): void {
  makeFolderOf(fileSystem, path)
  const text = formatConfigJson({ configTable: tables })
  replaceFile(fileSystem, path, Buffer.from(text, 'utf8'), backupPath(path))
}

function backupPath(path: string): string {
  return `${path}.bak`
}

function tablesOf(content: JsonValue): KeyValueTables {
  const { configTable } = fieldsOf(content, 'the file')
  const tables: KeyValueTables = new Map()
  for (const [namespace, table] of Object.entries(fieldsOf(configTable ?? {}, 'configTable'))) {
    const entries = Object.entries(fieldsOf(table, namespace)).filter(([, value]) => value !== null)
    tables.set(namespace, new Map(entries.map(([key, value]) => [key, textOf(value, key)])))
  }
  return tables
}

/** Numbers and booleans are taken as their text. */
function textOf(value: JsonValue, name: string): string {
  if (typeof value === 'object') throw new TypeError(`${name} must be text`)
  return String(value)
}

function fieldsOf(value: JsonValue, name: string): Readonly<Record<string, JsonValue>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Map) {
    throw new TypeError(`${name} must be an object`)
  }
  return value
}
