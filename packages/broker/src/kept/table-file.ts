import { formatConfigJson, type Writable } from '@rocketmq-ts/protocol'

/** One field of a configuration file: a value, or a table whose entries are many. */
export type FileField =
  | { name: string; value: Writable }
  | { name: string; entries: Iterable<[key: string, value: Writable]> }

/**
 * The text of a configuration file in the layout of `formatConfigJson`, in pieces of about one entry, made as they are asked
 * for. Entries stay in their order.
 */
export function* tableFilePieces(fields: readonly FileField[]): Iterable<string> {
  let opening = '{'
  for (const field of fields) {
    yield `${opening}\n\t${JSON.stringify(field.name)}:`
    if ('value' in field) yield formatConfigJson(field.value, 1)
    else yield* entryPieces(field.entries)
    opening = ','
  }
  yield '\n}'
}

function* entryPieces(entries: Iterable<[key: string, value: Writable]>): Iterable<string> {
  let opening = '{'
  for (const [key, value] of entries) {
    yield `${opening}\n\t\t${JSON.stringify(key)}:${formatConfigJson(value, 2)}`
    opening = ','
  }
  yield opening === '{' ? '{}' : '\n\t}'
}
