import { fork } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { makeRunFolder } from '../cleanup.ts'
import { documentFile, resultsFolder } from '../paths.ts'
import { describeMachine } from '../report/machine.ts'
import { replacePart } from '../report/markdown.ts'
import { readProcessUsage } from '../servers/process-usage.ts'
import { installPeers, type SdkPeer, sdkPeers, startSdkServer } from './peers.ts'
import {
  formatSdkMarkdown,
  formatSdkTable,
  type SdkClientFigures,
  type SdkLoad,
  type SdkRow,
  sdkLoads,
  sdkSizes,
} from './sdk-report.ts'

/** Batches are so much faster that they would be over before the code of client and server is compiled. */
const batchedCountFactor = 5

interface SdkOptions {
  /** Names of clients. */
  readonly only: readonly string[]
  /** Messages of each load that are measured. */
  readonly count: number
  readonly record: boolean
}

/** What a client process tells at the end of its load. */
interface Ended extends SdkClientFigures {
  readonly kind: 'ended'
}

const clientTimeoutMs = 300_000

/** `npm run bench -- sdk`. @returns the exit code */
export async function runSdkBench(argv: readonly string[]): Promise<number> {
  const options = parseOptions(argv)
  if (typeof options === 'number') return options
  const peersFolder = await installPeers()
  const folder = makeRunFolder()
  const rows: SdkRow[] = []
  let failures = 0
  for (const peer of sdkPeers.filter(({ client }) => options.only.includes(client))) {
    try {
      for (const row of await measurePeer(peer, join(folder, peer.client), peersFolder, options.count)) rows.push(row)
    } catch (error) {
      failures++
      console.error(`${peer.title}: ${(error as Error).message}`)
    }
  }
  console.log(formatSdkTable(rows))
  if (options.record) record(rows)
  return failures === 0 ? 0 : 1
}

function record(rows: readonly SdkRow[]): void {
  const machine = describeMachine()
  mkdirSync(resultsFolder, { recursive: true })
  writeFileSync(join(resultsFolder, 'sdk.json'), `${JSON.stringify({ machine, rows }, undefined, 1)}\n`)
  const document = readFileSync(documentFile, 'utf8')
  writeFileSync(documentFile, replacePart(document, 'sdk', formatSdkMarkdown(machine, rows)))
}

function parseOptions(argv: readonly string[]): SdkOptions | number {
  const names = sdkPeers.map(({ client }) => client)
  const program = new Command('npm run bench -- sdk')
    .description(
      'Measures our client on our broker beside others on theirs: durable sends, batches, and from end to end.',
    )
    .option('--only <clients>', `these, separated by commas: ${names.join(', ')}`, (text: string) => {
      const given = text.split(',')
      const wrong = given.find((name) => !names.includes(name))
      if (wrong !== undefined) throw new InvalidArgumentError(`there is no ${wrong}.`)
      return given
    })
    .option(
      '--count <number>',
      'measured messages of each load, and five times as many of batches (default: 100,000)',
      (text: string) => {
        const count = Number(text)
        if (!(Number.isInteger(count) && count >= 100))
          throw new InvalidArgumentError('a number of at least 100 is needed.')
        return count
      },
    )
    .option('--no-record', 'leaves results/sdk.json and docs/performance.md as they are')
    .exitOverride()
  try {
    program.parse(argv, { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode
    throw error
  }
  const { only = names, count = 100_000, record } = program.opts()
  return { only, count, record }
}

/** A server of its own for each client: what one has left behind does not count for another. */
async function measurePeer(peer: SdkPeer, folder: string, peers: string, count: number): Promise<SdkRow[]> {
  const server = await startSdkServer(peer.server, folder)
  try {
    const rows: SdkRow[] = []
    for (const load of sdkLoads) {
      for (const bytes of sdkSizes) {
        const topic = `bench-${sdkLoads.indexOf(load)}-${bytes}`
        const loadCount = load === 'batched' ? count * batchedCountFactor : count
        const row = await measureLoad(
          { client: peer.client, peers, address: server.address, topic, load, bytes, count: loadCount },
          server.pid,
        )
        rows.push({ ...row, client: peer.title })
        process.stderr.write(`${peer.title}: ${load}, ${bytes} bytes: ${Math.round(row.rate)}/s\n`)
      }
    }
    return rows
  } finally {
    await server.stop()
  }
}

interface ClientLoad {
  readonly client: string
  readonly peers: string
  readonly address: string
  readonly topic: string
  readonly load: SdkLoad
  readonly bytes: number
  readonly count: number
}

function measureLoad(load: ClientLoad, serverPid: number): Promise<SdkRow> {
  const child = fork(join(import.meta.dirname, 'client-process.mjs'), [JSON.stringify(load)])
  let cpuBefore = 0
  let row: SdkRow | undefined
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error(`${load.load} of ${load.bytes} bytes took longer than ${clientTimeoutMs / 1000} s`))
    }, clientTimeoutMs)
    child.on('message', (message: Ended | { readonly kind: 'begins' }) => {
      const usage = readProcessUsage(serverPid)
      if (message.kind === 'begins') cpuBefore = usage?.cpuSeconds ?? 0
      else {
        const serverMicros = (((usage?.cpuSeconds ?? 0) - cpuBefore) * 1e6) / load.count
        const { client, bytes } = load
        const { kind: _kind, ...figures } = message
        row = { ...figures, load: load.load, bytes, client, serverMicros, serverMb: (usage?.rssBytes ?? 0) / 1e6 }
      }
    })
    child.once('error', reject)
    child.once('exit', (code) => {
      clearTimeout(timer)
      if (row !== undefined) resolve(row)
      else reject(new Error(`${load.load} of ${load.bytes} bytes ended with exit code ${code}`))
    })
  })
}
