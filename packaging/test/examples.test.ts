import { readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fetchJars } from '../../interop/targets/jars.ts'
import { lacksTools } from '../../interop/targets/tooling.ts'
import { repositoryRoot } from '../src/published.ts'
import { type UserProject, userProject } from './user-project.ts'

const page = readFileSync(join(repositoryRoot, 'docs/testing.md'), 'utf8')

let project: UserProject
beforeAll(async () => {
  project = await userProject(['vitest@5', 'jest@30'])
  const jest = { testMatch: ['**/*.jest.js'] }
  project.write('package.json', JSON.stringify({ private: true, type: 'module', jest }))
  for (const name of ['mailer.js', 'mailer.test.js', 'mailer.node-test.js', 'mailer.jest.js', 'RocketMQInATest.java']) {
    project.write(name, programOf(name))
  }
})
afterAll(() => project?.[Symbol.dispose]())

/** The block behind the name of its file. */
function programOf(name: string): string {
  const [, behind] = page.split(`\`${name}\``)
  const [, program] = /```\w+\n([\s\S]*?)```/.exec(behind!)!
  return program!
}

describe('the example of a test', () => {
  test('with vitest passes', async () => {
    const vitest = join(project.installed, 'vitest/vitest.mjs')
    const { stdout } = await project.run(process.execPath, [vitest, 'run', 'mailer.test.js'])
    expect(stdout).toMatch(/1 passed/)
  })

  test('with node:test passes', async () => {
    const { stdout } = await project.run(process.execPath, ['--test', '--test-reporter=tap', 'mailer.node-test.js'])
    expect(stdout).toMatch(/^# pass 1$/m)
  })

  test('with Jest passes, and leaves nothing open', async () => {
    const jest = join(project.installed, 'jest/bin/jest.js')
    const env = { NODE_OPTIONS: '--experimental-vm-modules' }
    const { stderr } = await project.run(process.execPath, [jest, '--detectOpenHandles'], { env })
    expect(stderr).toMatch(/Tests: +1 passed/)
    expect(stderr).not.toContain('open handle')
  })

  test.skipIf(lacksTools('javac', 'mvn'))('in Java sends to a server that it has started', async () => {
    const jars = await fetchJars('java-client', join(repositoryRoot, 'interop/java/pom.xml'))
    const classPath = [join(jars, '*'), project.folder].join(delimiter)
    await project.run('javac', ['-cp', classPath, 'RocketMQInATest.java'])
    const { stdout } = await project.run('java', ['-cp', classPath, 'RocketMQInATest'])
    expect(stdout).toContain('SEND_OK\n')
  })
})
