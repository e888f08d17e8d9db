import { readFile } from 'node:fs/promises'

/** The unit of times in `/proc/PID/stat` (proc(5)). */
export const TICKS_PER_SECOND = 100

const read = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '')

/** The fields of `/proc/PID/stat` after the name, which may hold anything. */
async function statFields(pid: number): Promise<readonly string[]> {
  const text = await read(`/proc/${pid}/stat`)
  return text.slice(text.lastIndexOf(')') + 2).split(' ')
}

/** A process, and those that it started (needs Linux). */
export async function processTree(pid: number): Promise<readonly number[]> {
  const children = (await read(`/proc/${pid}/task/${pid}/children`)).split(' ').filter((item) => item !== '')
  const below = await Promise.all(children.map((child) => processTree(Number(child))))
  return [pid, ...below.flat()]
}

const treesOf = async (roots: readonly number[]): Promise<readonly number[]> =>
  (await Promise.all(roots.map(processTree))).flat()

/**
 * User and system time of processes and those that they started, ticks: of all their threads, and of children that ended
 * and were waited for.
 */
export async function cpuTicks(roots: readonly number[]): Promise<number> {
  const pids = await treesOf(roots)
  const perProcess = await Promise.all(
    pids.map(async (pid) => {
      const fields = await statFields(pid)
      return [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index] ?? 0), 0)
    }),
  )
  return perProcess.reduce((sum, ticks) => sum + ticks, 0)
}

/** CPU time of the threads of a process, nanoseconds: finer than ticks, but threads that ended are missing. */
export async function cpuNanoseconds(pid: number, threads: readonly string[]): Promise<number> {
  const times = await Promise.all(
    threads.map(async (thread) =>
      Number((await read(`/proc/${pid}/task/${thread}/schedstat`)).split(' ')[0] ?? 0),
    ),
  )
  return times.reduce((sum, time) => sum + time, 0)
}

/** The most memory that processes and those that they started had at once, MiB, each by itself (VmHWM). */
export async function peakMemory(roots: readonly number[]): Promise<number> {
  const pids = await treesOf(roots)
  const peaks = await Promise.all(
    pids.map(async (pid) => Number(/^VmHWM:\s+(\d+)/m.exec(await read(`/proc/${pid}/status`))?.[1] ?? 0)),
  )
  return peaks.reduce((sum, kib) => sum + kib, 0) / 1024
}
