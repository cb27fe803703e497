import type { TopicConfiguration } from '@rocketmq-ts/client'
import type { FileLine } from '../host.ts'
import { CommandError } from '../usage-error.ts'

/**
 * A backup is a text, a line of JSON each:
 *
 *     {"rocketmqBackup":1,"topic":"orders","created":"2026-11-27T14:00:00.000Z","settings":[...]}
 *     a message, as consume --json writes it
 *     ...
 *     {"messages":1000}
 *
 * The last line tells that nothing is missing.
 */
export interface BackupHeader {
  readonly topic: string
  readonly settings: readonly TopicConfiguration[]
}

const version = 1

export function backupHeader(about: BackupHeader & { readonly createdMs: number }): string {
  const { topic, createdMs, settings } = about
  return `${JSON.stringify({ rocketmqBackup: version, topic, created: new Date(createdMs).toISOString(), settings })}\n`
}

export function backupFooter(messages: number): string {
  return `${JSON.stringify({ messages })}\n`
}

export interface BackupLine {
  readonly json: string
  /** From 1 on. */
  readonly number: number
  readonly fractionRead: number
}

/** @throws CommandError when it is no backup; reading the messages throws it when the file ends early */
export async function parseBackup(
  lines: AsyncIterable<FileLine>,
  file: string,
): Promise<{ readonly header: BackupHeader; readonly messages: AsyncIterable<BackupLine> }> {
  const iterator = lines[Symbol.asyncIterator]()
  const first = await iterator.next().catch((error: NodeJS.ErrnoException) => {
    if (!error.code?.startsWith('Z_')) throw error
    throw new CommandError(`${file} is no backup: it cannot be unzipped (${error.message})`)
  })
  const header = first.done ? undefined : parsedHeader(first.value.text)
  if (header === undefined) {
    await iterator.return?.()
    throw new CommandError(`${file} is no backup: rocketmq backup writes one`)
  }
  return { header, messages: messagesOf(iterator, file) }
}

/** A line is handed on when the next one is there: the last one is no message. */
async function* messagesOf(iterator: AsyncIterator<FileLine>, file: string): AsyncGenerator<BackupLine> {
  let count = 0
  let held: FileLine | undefined
  try {
    for (;;) {
      const next = await iterator.next()
      if (next.done) break
      if (held !== undefined) {
        count++
        yield { json: held.text, number: count, fractionRead: held.fractionRead }
      }
      held = next.value
    }
  } finally {
    await iterator.return?.()
  }
  if (held === undefined || !isFooter(held.text, count)) {
    throw new CommandError(
      `${file} ends early: ${count} messages are in it, and its last line is missing or tells another number`,
    )
  }
}

function parsedHeader(text: string): BackupHeader | undefined {
  const parsed = parsedJson(text)
  if (parsed?.rocketmqBackup !== version || typeof parsed.topic !== 'string') return undefined
  return { topic: parsed.topic, settings: Array.isArray(parsed.settings) ? parsed.settings : [] }
}

function isFooter(text: string, count: number): boolean {
  return parsedJson(text)?.messages === count
}

function parsedJson(text: string): Record<string, unknown> | undefined {
  try {
    const parsed = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null ? parsed : undefined
  } catch {
    return undefined
  }
}
