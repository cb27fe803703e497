import { execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { temporaryFolder } from '@rocketmq-ts/platform/test-kit'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { RocketmqProcess, rocketmq } from './rocketmq-process.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

describe('the scripts for shells complete', () => {
  let folder: ReturnType<typeof temporaryFolder>
  let cluster: RocketmqProcess
  let address: string
  let env: Record<string, string>
  beforeAll(async () => {
    folder = temporaryFolder()
    const cwd = folder.path
    cluster = new RocketmqProcess(['start', '--ephemeral', '--json'], { cwd })
    address = JSON.parse((await cluster.output(/.*\n/))[0]).nameServer
    // A shell finds the program by its name.
    const bin = join(cwd, 'bin')
    mkdirSync(bin)
    writeFileSync(join(bin, 'rocketmq'), `#!/bin/sh\nexec '${process.execPath}' '${rocketmq}' "$@"\n`, { mode: 0o755 })
    env = { PATH: `${bin}${delimiter}${process.env.PATH}`, NAMESRV_ADDR: address, HOME: cwd, TERM: 'dumb' }
    await using making = new RocketmqProcess(['topic', 'create', 'orders'], { cwd, env })
    expect(await making.exit()).toBe(0)
    writeFileSync(join(cwd, 'orders.jsonl'), '')
  })
  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]()
    folder?.[Symbol.dispose]()
  })

  async function run(shell: string, args: readonly string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(shell, args, { cwd: folder.path, env: { ...process.env, ...env } })
    return stdout
  }

  describe.skipIf(lacks('bash'))('in bash', () => {
    const words = async (line: string) => {
      const script = `source <(rocketmq completion bash)
COMP_LINE="$1" COMP_POINT=\${#1}; _rocketmq; printf '%s\\n' "\${COMPREPLY[@]}"`
      return (await run('bash', ['--norc', '-c', script, 'bash', line])).split('\n').filter((word) => word !== '')
    }

    test('commands, options and names of the cluster', async () => {
      expect(await words('rocketmq topic c')).toEqual(['create', 'change'])
      expect(await words('rocketmq broker writable b ')).toEqual(['on', 'off'])
      expect(await words('rocketmq topic show o')).toEqual(['orders'])
    })

    test('behind an address, whose colon bash takes for the end of a word', async () => {
      expect(await words(`rocketmq topic show -n ${address} o`)).toEqual(['orders'])
      expect(await words(`rocketmq topic show -n "${address}" o`)).toEqual(['orders'])
    })
  })

  describe.skipIf(lacks('zsh', 'script'))('in zsh', () => {
    /** Types a line and a tab at a terminal. @returns the line then, and all that the terminal has shown */
    async function afterTab(
      line: string,
      setUp = 'autoload -Uz compinit; compinit -u; source <(rocketmq completion zsh)',
    ) {
      const shell = spawn('script', ['-qec', 'zsh -f -i', '/dev/null'], {
        cwd: folder.path,
        env: { ...process.env, ...env },
        stdio: ['pipe', 'pipe', 'ignore'],
      })
      let shown = ''
      const shows = async (pattern: RegExp): Promise<RegExpExecArray> => {
        for (;;) {
          const match = pattern.exec(shown)
          if (match !== null) return match
          const [more] = await once(shell.stdout, 'data')
          shown += String(more)
        }
      }
      try {
        const told = 'told() { print -r -- "<<$BUFFER>>" }; zle -N told; bindkey "^X" told; bindkey "^I" complete-word'
        writeFileSync(join(folder.path, 'set-up'), `${setUp}\n${told}\nPS1='ready> '\n`)
        shell.stdin.write('source ./set-up\n')
        await shows(/ready> /)
        shell.stdin.write(`${line}\t\u0018`)
        const [, buffer] = await shows(/<<(.*)>>/)
        return { buffer, shown }
      } finally {
        shell.kill('SIGKILL')
      }
    }

    test('commands, options and names of the cluster', async () => {
      expect((await afterTab('rocketmq topic sh')).buffer).toBe('rocketmq topic show ')
      expect((await afterTab('rocketmq topic show o')).buffer).toBe('rocketmq topic show orders ')
      expect((await afterTab(`rocketmq topic show -n "${address}" o`)).buffer).toMatch(/ orders $/)
      expect((await afterTab('rocketmq topic ')).shown).toMatch(/create +-- Makes a topic/)
    })

    test('names of files, where a file has to stand', async () => {
      expect((await afterTab('rocketmq restore orders')).buffer).toBe('rocketmq restore orders.jsonl ')
    })

    test('from the first use on, without anything set up, and from a folder of functions', async () => {
      const sourced = await afterTab('rocketmq topic sh', 'source <(rocketmq completion zsh)')
      expect(sourced.buffer).toBe('rocketmq topic show ')
      const folders =
        'mkdir -p f; rocketmq completion zsh >f/_rocketmq; fpath=($PWD/f $fpath); autoload -Uz compinit; compinit -u'
      expect((await afterTab('rocketmq topic sh', folders)).buffer).toBe('rocketmq topic show ')
    })
  })

  describe.skipIf(lacks('fish'))('in fish', () => {
    const words = async (line: string) => {
      const script = `rocketmq completion fish | source; complete -C ${JSON.stringify(line)}`
      const printed = await run('fish', ['--no-config', '-c', script])
      return printed.split('\n').slice(0, -1)
    }

    test('commands with what they are, options and names of the cluster', async () => {
      expect((await words('rocketmq topic c')).sort()).toEqual([
        'change\tChanges settings of a topic. What is not given stays as it is.',
        'create\tMakes a topic on all brokers.',
      ])
      expect((await words('rocketmq broker writable b ')).sort()).toEqual(['off', 'on'])
      expect(await words('rocketmq topic show o')).toEqual(['orders'])
      expect(await words(`rocketmq topic show -n ${address} o`)).toEqual(['orders'])
      expect((await words('rocketmq ')).map((word) => word.split('\t')[0])).toContain('topic')
    })

    test('names of files, where a file has to stand', async () => {
      expect(await words('rocketmq restore orders')).toEqual(['orders.jsonl'])
    })
  })
})

/** For `describe.skipIf`: true when a program is missing, after a line that says so. */
function lacks(...programs: string[]): boolean {
  const missing = programs.filter((program) => spawnSync(program, ['--version']).error !== undefined)
  if (missing.length > 0) process.stderr.write(`tests of completion skipped: ${missing.join(', ')} not found\n`)
  return missing.length > 0
}
