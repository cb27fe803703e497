import { realpathSync } from 'node:fs'
import path from 'node:path'
import type { FileSystem } from '@rocketmq-ts/platform'
import { JavaPropertiesError, parseJavaPropertyLines } from '@rocketmq-ts/protocol'
import { fileReason } from './describe-error.ts'
import type { SourcedProperties } from './sourced-properties.ts'
import { UserError } from './user-error.ts'

/**
 * Reads a .conf file (Java's .properties, in UTF-8).
 *
 * @param file path as the user gave it, perhaps relative to the current folder
 * @param option the option that named it, for messages: `-c`
 * @throws UserError when it is missing, cannot be read, or is not a .properties text
 */
export function readConfFile(fileSystem: FileSystem, file: string, option: string): SourcedProperties {
  const text = readText(fileSystem, file, option)
  try {
    const lines = parseJavaPropertyLines(text)
    const lineOf = new Map(lines.map(({ key, line }) => [key, line]))
    return {
      properties: new Map(lines.map(({ key, value }) => [key, value])),
      sourceOf: (key) => (lineOf.has(key) ? `${file}:${lineOf.get(key)}` : file),
    }
  } catch (error) {
    if (!(error instanceof JavaPropertiesError)) throw error
    throw new UserError(`${file}: ${error.message}; write a backslash as \\\\`, { cause: error })
  }
}

/**
 * The absolute path of an existing file. Links are followed, so that a later replacement replaces the file, not the
 * link.
 */
export function absoluteConfPath(file: string): string {
  return realpathSync(file)
}

function readText(fileSystem: FileSystem, file: string, option: string): string {
  try {
    const content = fileSystem.readFile(path.resolve(file))
    if (content !== undefined) return content.toString('utf8')
  } catch (error) {
    const reason = fileReason(error as NodeJS.ErrnoException)
    throw new UserError(`cannot read ${file}: ${reason}; ${option} takes a file of key=value lines`, { cause: error })
  }
  throw new UserError(`cannot read ${file}: there is no such file; check the path given by ${option}`)
}
