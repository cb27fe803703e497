import { type ExecFileOptions, execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { inject } from 'vitest'

const runFile = promisify(execFile)

/** A project of a user, in a folder of its own. */
export interface UserProject extends Disposable {
  readonly folder: string
  readonly installed: string
  write(name: string, text: string): void
  /** @throws Error with what the program said when it fails */
  run(program: string, args: readonly string[], options?: ExecFileOptions): Promise<{ stdout: string; stderr: string }>
}

/** @param more packages that are installed beside the published ones */
export async function userProject(more: readonly string[] = []): Promise<UserProject> {
  const folder = mkdtempSync(join(tmpdir(), 'project-'))
  const { NODE_OPTIONS: _, VITEST: __, ...env } = process.env
  const project: UserProject = {
    folder,
    installed: join(folder, 'node_modules'),
    write: (name, text) => writeFileSync(join(folder, name), text),
    async run(program, args, options = {}) {
      const all = {
        cwd: folder,
        timeout: 600_000,
        ...options,
        env: { ...env, ...options.env },
        encoding: 'utf8' as const,
      }
      try {
        return await runFile(program, args, all)
      } catch (error) {
        const { message, stdout, stderr } = error as Error & { stdout?: string; stderr?: string }
        throw new Error(`${message}\n${stdout ?? ''}\n${stderr ?? ''}`, { cause: error })
      }
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  }
  project.write('package.json', '{ "private": true, "type": "module" }')
  await project.run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', ...inject('tarballs'), ...more])
  return project
}
