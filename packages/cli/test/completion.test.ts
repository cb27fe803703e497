import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { describe, expect, test } from 'vitest'
import { Language, type Node, Parser } from 'web-tree-sitter'
import { shellScripts } from '../src/completion/shell-scripts.ts'
import { hostOf, run, startCluster, TestHost } from './cli-kit.ts'

const words = async (host: TestHost, ...typed: string[]): Promise<string[]> => {
  const { stdout, exitCode, stderr } = await run(host, '__complete', '--', ...typed)
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split('\t')[0]!)
}

describe('completion', () => {
  test('knows commands, options and their choices', async () => {
    const host = new TestHost()
    expect(await words(host, 'to')).toEqual(['topic'])
    expect(await words(host, '')).not.toContain('__complete')
    expect(await words(host, 'topic', 'c')).toEqual(['create', 'change'])
    expect(await words(host, 'topic', 'create', '--que')).toEqual(['--queues'])
    expect(await words(host, 'topic', 'create', 'T', '--access', 'read')).toEqual(['readWrite', 'read'])
    expect(await words(host, 'broker', 'writable', 'b', 'o')).toEqual(['on', 'off'])
    expect(await words(host, 'topic', 'create', 'T', '')).toEqual([])
    expect(await words(host, 'nonsense', '')).toEqual([])
  })

  test('asks the cluster for names, by the options that are typed', async () => {
    const mq = await startCluster()
    await mq.topic('orders')
    await mq.topic('payments')
    const host = hostOf(mq)
    expect(await words(host, 'topic', 'show', 'o')).toEqual(['orders'])
    expect(await words(host, 'topic', 'delete', 'orders', '--yes', 'pay')).toEqual(['payments'])
    expect(await words(host, 'offset', 'change', 'g', 'or')).toEqual(['orders'])
    expect(await words(host, 'lag', '-t', 'or')).toEqual(['orders'])
    expect(await words(host, 'broker', 'show', '')).toEqual(['broker'])
    expect(await words(new TestHost(), 'topic', 'show', '-n', mq.nameServers, 'o')).toEqual(['orders'])
    await run(host, 'context', 'add', 'prod', '-n', 'x')
    expect(await words(host, 'context', 'use', '')).toEqual(['prod'])
  })

  test('is silent where the cluster does not answer', async () => {
    const host = new TestHost({ environment: { NAMESRV_ADDR: '127.0.0.1:1' } })
    expect(await words(host, 'topic', 'show', '')).toEqual([])
    expect(await words(new TestHost({ environment: { NAMESRV_ADDR: 'two words' } }), 'topic', 'show', '')).toEqual([])
  })

  test('works in bash as its script says', () => {
    const shell = `rocketmq() { printf '%s\\n' "$*" >&2; printf 'orders\\tabout\\nodd name\\t\\n'; }
${shellScripts.bash}
COMP_LINE='rocketmq topic show o'; COMP_POINT=21; _rocketmq 2>/dev/null; printf '[%s]' "\${COMPREPLY[@]}"`
    expect(execFileSync('bash', ['-c', shell], { encoding: 'utf8' })).toBe('[orders][odd name]')
  })

  test('takes the words from the environment where a shell cannot hand on an empty one', async () => {
    const ask = (text: string) =>
      run(new TestHost({ environment: { ROCKETMQ_COMPLETE_WORDS: text } }), '__complete').then(
        ({ stdout, exitCode }) => ({
          values: stdout.split('\n').map((line) => line.split('\t')[0]),
          exitCode,
        }),
      )
    expect(await ask('["broker","writable","b",""]')).toEqual({ values: ['on', 'off', ''], exitCode: 0 })
    expect(await ask('["topic","create","--que"]')).toEqual({ values: ['--queues', ''], exitCode: 0 })
    expect((await ask('[""]')).values).toContain('topic')
    for (const text of ['"topic"', '[1]', '["topic"', ''])
      expect(await ask(text)).toEqual({ values: [''], exitCode: 2 })
  })

  test.each(['bash', 'zsh', 'fish', 'powershell'])('has a script for %s', async (shell) => {
    expect((await run(new TestHost(), 'completion', shell)).stdout).toContain('rocketmq __complete')
  })

  test('has a script for PowerShell that its grammar takes', async () => {
    const problems = await powerShellProblems()
    expect(problems(shellScripts.powershell)).toEqual([])
    for (const [from, to] of [
      ['}\n', '\n'],
      ["'[''\"]'", "'['\"]'"],
      ['$words += $extent.Text }', '$words += }'],
      ['-ge $cursorPosition)', '-ge )'],
      ['} finally {', '} finally'],
    ] as const) {
      expect(shellScripts.powershell).toContain(from)
      expect(problems(shellScripts.powershell.replace(from, to)), `${from} is ${to}`).not.toEqual([])
    }
  })
})

/** What a script has that is no PowerShell, by line. */
async function powerShellProblems(): Promise<(script: string) => string[]> {
  const require = createRequire(import.meta.url)
  await Parser.init()
  const parser = new Parser()
  parser.setLanguage(await Language.load(require.resolve('tree-sitter-powershell/tree-sitter-powershell.wasm')))
  return (script) => {
    const problems: string[] = []
    const look = (node: Node): void => {
      if (node.isError || node.isMissing) problems.push(`${node.startPosition.row + 1}: ${node.type} ${node.text}`)
      for (const child of node.children) if (child !== null) look(child)
    }
    look(parser.parse(script)!.rootNode)
    return problems
  }
}
