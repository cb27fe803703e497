import { spawn } from 'node:child_process'

/** What a finished command left. */
export interface CommandOutcome {
  code: number
  stdout: string
  stderr: string
}

/**
 * Runs a command to its end and returns what it wrote, whatever its exit code.
 * @throws Error when it cannot be started or is not done in time (it is then killed)
 */
export function runCommand(
  executable: string,
  args: string[],
  options: { cwd?: string; env?: Record<string, string>; timeoutMs: number },
): Promise<CommandOutcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(executable, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let stdout = ''
    let stderr = ''
    let expired = false
    const timer = setTimeout(() => {
      expired = true
      child.kill('SIGKILL')
    }, options.timeoutMs)
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.once('error', reject)
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      const line = `${executable} ${args.join(' ')}`
      if (expired) reject(new Error(`${line}: not done within ${options.timeoutMs} ms\n${stdout}\n${stderr}`))
      else if (code === null) reject(new Error(`${line}: ended by ${signal}\n${stdout}\n${stderr}`))
      else resolve({ code, stdout, stderr })
    })
  })
}

/** As {@link runCommand}, but any exit code except 0 is an error that holds the output. */
export async function runCommandOrThrow(...parameters: Parameters<typeof runCommand>): Promise<CommandOutcome> {
  const outcome = await runCommand(...parameters)
  if (outcome.code !== 0) {
    const [executable, args] = parameters
    throw new Error(`${executable} ${args.join(' ')}: exit code ${outcome.code}\n${outcome.stdout}\n${outcome.stderr}`)
  }
  return outcome
}
