import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { whenWeEnd } from '../cleanup.ts'

export interface ChildOptions {
  cwd?: string
  /** The process is killed after it. */
  timeoutMs: number
  /** Told each line of the standard output as it comes. */
  onLine?: (line: string, child: ChildProcess) => void
}

/** What a process that ended left. */
export interface ChildOutcome {
  lines: string[]
  stderr: string
  code: number | null
  /** Whether it was killed because its time was over. */
  expired: boolean
}

/** Runs a process to its end; it is killed when ours ends first, or when its time is over. */
export function runChild(executable: string, args: string[], options: ChildOptions): Promise<ChildOutcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(executable, args, { cwd: options.cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    const ending = whenWeEnd(() => child.kill('SIGKILL'))
    const lines: string[] = []
    let stderr = ''
    let expired = false
    const timer = setTimeout(() => {
      expired = true
      child.kill('SIGKILL')
    }, options.timeoutMs)
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line)
      options.onLine?.(line, child)
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-20_000)
    })
    const finish = (): void => {
      clearTimeout(timer)
      ending.takeBack()
    }
    child.once('error', (error) => {
      finish()
      reject(error)
    })
    child.once('close', (code) => {
      finish()
      resolve({ lines, stderr, code, expired })
    })
  })
}
