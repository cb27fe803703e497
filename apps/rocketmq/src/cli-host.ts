import { randomUUID } from 'node:crypto'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import readline from 'node:readline/promises'
import { addAbortSignal, type Readable } from 'node:stream'
import { finished, pipeline } from 'node:stream/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { createGunzip, createGzip } from 'node:zlib'
import type { FileLine, Host, OutputFile } from '@rocketmq-ts/cli'
import { type FolderLock, FolderLockedError, nodeFileSystem } from '@rocketmq-ts/platform'

/** This process, as the commands of the client side see it. */
export function createProcessHost(): Host {
  const outputClosed = new AbortController()
  let interrupted: AbortSignal | undefined
  // Servers of this process have signal handling of their own.
  const whenInterrupted = () => {
    interrupted ??= interruption()
    return interrupted
  }
  let outputFailure: NodeJS.ErrnoException | undefined
  const ended = (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') outputFailure ??= error
    outputClosed.abort()
  }
  process.stdout.on('error', ended)
  return {
    environment: process.env,
    homeFolder: os.homedir(),
    isTerminal: {
      input: process.stdin.isTTY === true,
      output: process.stdout.isTTY === true,
      errors: process.stderr.isTTY === true,
    },
    columns: process.stdout.columns,
    async write(data) {
      if (outputClosed.signal.aborted) return
      await new Promise<void>((resolve) => {
        process.stdout.write(data, (error) => {
          if (error) ended(error)
          resolve()
        })
      })
    },
    get outputFailure() {
      return outputFailure
    },
    say: (text) => void process.stderr.write(text),
    outputClosed: outputClosed.signal,
    get interrupted() {
      return whenInterrupted()
    },
    lines: () => linesUntil(AbortSignal.any([whenInterrupted(), outputClosed.signal]), process.stdin),
    async input() {
      const chunks: Buffer[] = []
      for await (const chunk of process.stdin) chunks.push(chunk)
      return Buffer.concat(chunks)
    },
    async ask(question) {
      const terminal = readline.createInterface({ input: process.stdin, output: process.stderr })
      try {
        return await terminal.question(question)
      } finally {
        terminal.close()
      }
    },
    readFile: contentOf,
    replacePrivateFile,
    changePrivateFile,
    createFile,
    readLines,
    now: () => Date.now(),
    monotonic: () => performance.now(),
    async pause(durationMs, signal) {
      // Node ends longer waits at once.
      const waitMs = Math.min(Math.max(durationMs, 0), timeoutMsMax)
      await delay(waitMs, undefined, { signal }).catch(() => {})
    },
  }
}

/** The first signal ends what is under way in order, the second one the process. */
function interruption(): AbortSignal {
  const interrupted = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (interrupted.signal.aborted) process.exit(1)
      interrupted.abort()
    })
  }
  return interrupted.signal
}

const timeoutMsMax = 0x7fffffff

const ownerOnly = 0o600
const ownerOnlyFolder = 0o700

async function contentOf(file: string): Promise<Buffer | undefined> {
  try {
    return await readFile(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

async function replacePrivateFile(file: string, content: string | Uint8Array): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true, mode: ownerOnlyFolder })
  // Processes of two containers on one disk may have the same number.
  const unfinished = `${file}.${randomUUID()}.tmp`
  try {
    const handle = await open(unfinished, 'wx', ownerOnly)
    try {
      await handle.writeFile(content)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(unfinished, file)
  } catch (error) {
    await rm(unfinished, { force: true })
    throw error
  }
  await nodeFileSystem.syncFolderLater(path.dirname(file))
}

/** Milliseconds for which others may change a file again and again. */
const othersMs = 10_000
/** Milliseconds between two looks, and as much again by chance. */
const lookMs = 10

async function changePrivateFile(file: string, change: (content: Buffer | undefined) => string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true, mode: ownerOnlyFolder })
  const lock = await lockOf(file)
  try {
    await replacePrivateFile(file, change(await contentOf(file)))
  } finally {
    lock.release()
  }
}

/** The death of the process gives it back. */
async function lockOf(file: string): Promise<FolderLock> {
  const endMs = performance.now() + othersMs
  for (;;) {
    try {
      return nodeFileSystem.lockFolder(`${file}.lock`)
    } catch (error) {
      if (!(error instanceof FolderLockedError) || performance.now() > endMs) throw error
    }
    await delay(lookMs * (1 + Math.random()))
  }
}

async function createFile(file: string): Promise<OutputFile> {
  const handle = await open(file, 'wx', ownerOnly)
  const target = handle.createWriteStream({ flush: true })
  const zip = file.endsWith('.gz') ? createGzip() : undefined
  const source = zip ?? target
  const isFinished = zip === undefined ? finished(target) : pipeline(zip, target)
  // Told by the next write, or by `finish`.
  let failure: Error | undefined
  let goOn: (() => void) | undefined
  isFinished.catch((error: Error) => {
    failure = error
    goOn?.()
  })
  source.on('drain', () => goOn?.())
  return {
    async write(text) {
      if (failure === undefined && !source.write(text)) {
        await new Promise<void>((resolve) => {
          goOn = resolve
        })
      }
      if (failure !== undefined) throw failure
    },
    async finish() {
      source.end()
      await isFinished
      await nodeFileSystem.syncFolderLater(path.dirname(file))
    },
    async discard() {
      source.destroy()
      target.destroy()
      await isFinished.catch(() => {})
      await rm(file, { force: true })
    },
  }
}

async function* readLines(file: string): AsyncIterable<FileLine> {
  const handle = await open(file, 'r')
  try {
    const { size } = await handle.stat()
    let readBytes = 0
    const source = handle.createReadStream({ autoClose: false })
    source.on('data', (chunk) => {
      readBytes += chunk.length
    })
    const input = file.endsWith('.gz') ? source.pipe(createGunzip()) : source
    // A failure of the file has to end the lines of what is made of it.
    source.on('error', (error) => void input.destroy(error))
    for await (const text of linesOf(input)) yield { text, fractionRead: size === 0 ? 1 : readBytes / size }
  } finally {
    await handle.close()
  }
}

/** The signal ends them, also while nothing comes. */
async function* linesUntil(signal: AbortSignal, input: Readable): AsyncGenerator<string> {
  try {
    yield* linesOf(addAbortSignal(signal, input))
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

/** Lines end with a line feed alone, or after a carriage return: JSON may have all other line breaks in its texts. */
async function* linesOf(input: Readable): AsyncGenerator<string> {
  input.setEncoding('utf8')
  let begun = ''
  for await (const chunk of input as AsyncIterable<string>) {
    const [first = '', ...others] = chunk.split('\n')
    begun += first
    for (const next of others) {
      yield begun.endsWith('\r') ? begun.slice(0, -1) : begun
      begun = next
    }
  }
  if (begun !== '') yield begun
}
