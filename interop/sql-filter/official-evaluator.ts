import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { within } from '../targets/deadline.ts'
import { buildFolderOnce, fetchJars } from '../targets/jars.ts'
import { cacheFolder, interopFolder } from '../targets/paths.ts'
import { runCommandOrThrow } from '../targets/run-command.ts'
import { requireTool } from '../targets/tooling.ts'

/** An expression, and the encoded properties of the messages that it is asked about. */
export interface Question {
  readonly expression: string
  readonly propertySets: readonly string[]
}

/** The evaluator of the official broker. */
export interface OfficialEvaluator {
  /**
   * @returns for each question a letter for each property set (`T` true, `F` false, `N` null, `E` the evaluation fails), or
   * `P` alone: the expression is refused
   */
  ask(questions: readonly Question[]): Promise<string[]>
  close(): void
}

const source = join(interopFolder, 'sql-filter', 'src', 'EvaluateFilters.java')

async function compile(lib: string): Promise<string> {
  const hash = createHash('sha256').update(readFileSync(source)).update(lib).digest('hex').slice(0, 12)
  return buildFolderOnce(join(cacheFolder, 'sql-filter', hash), (unfinished) =>
    runCommandOrThrow(requireTool('javac'), ['-cp', join(lib, '*'), '-d', unfinished, source], { timeoutMs: 120_000 }),
  )
}

export async function startOfficialEvaluator(): Promise<OfficialEvaluator> {
  const lib = await fetchJars('official-servers', join(interopFolder, 'official-servers', 'pom.xml'))
  const classes = await compile(lib)
  const child = spawn(
    requireTool('java'),
    [
      '-Xmx256m',
      '-Xss4m',
      '-XX:TieredStopAtLevel=1',
      '-XX:+UseSerialGC',
      '-cp',
      `${classes}:${join(lib, '*')}`,
      'EvaluateFilters',
    ],
    { stdio: ['pipe', 'pipe', 'ignore'] },
  )
  const killWithUs = (): void => {
    child.kill('SIGKILL')
  }
  process.once('exit', killWithUs)
  const waiting: { resolve(line: string): void; reject(error: Error): void }[] = []
  createInterface({ input: child.stdout }).on('line', (line) => waiting.shift()?.resolve(line))
  child.stdin.on('error', () => {})
  child.once('close', (code, signal) => {
    process.removeListener('exit', killWithUs)
    for (const { reject } of waiting.splice(0)) reject(new Error(`the evaluator ended (${signal ?? code})`))
  })
  return {
    ask(questions) {
      const answers = questions.map(() => new Promise<string>((resolve, reject) => waiting.push({ resolve, reject })))
      child.stdin.write(questions.map((question) => `${lineOf(question)}\n`).join(''))
      return within('the answers of the official evaluator', Promise.all(answers))
    },
    close: killWithUs,
  }
}

function lineOf({ expression, propertySets }: Question): string {
  return [expression, ...propertySets].map(wordOf).join(' ')
}

function wordOf(text: string): string {
  return text === '' ? '.' : Buffer.from(text).toString('base64')
}
