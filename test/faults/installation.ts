// An installation that is well: three nodes, a license, two agents of its own and one of a person. Trouble comes, people go on
// with what they do, and when it is over everything has to be as it was. The invariants are checked after every test.

import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { licenses } from '../../src/api/resources.ts'
import { eksLikeNode } from '../../src/devtools/control-plane/kind-nodes.ts'
import { DAY } from '../../src/domain/time.ts'
import { deployments, nodes } from '../../src/kube/resource.ts'
import { agentDeployment } from '../../src/cli/trial/manifests.ts'
import { type TestControlPlane, useControlPlane } from '../support/control-plane.ts'
import { addNodes, soon } from '../support/operator.ts'
import { checkInvariants } from './invariants.ts'
import type { Rule } from './proxy.ts'
import { openStage, type Stage, type State, withoutPast } from './stage.ts'

export interface Installation {
  readonly controlPlane: TestControlPlane
  readonly stage: Stage
  /** The license file in use. */
  readonly license: string
  /** Rules that are in force until everything is mended: at the latest, at the end of the test. */
  trouble(...rules: readonly Rule[]): void
  mended(): void
  /** Waits until everything is as it was when all was well. */
  isWell(what: string): Promise<void>
  /** What people do. All of it is undone in the end, and only tess and cypher are taken away on the way, as they wish. */
  life(): Promise<void>
  /** A new operator in place of the old one. A watch remembers trouble for ten seconds: this one knows of none. */
  restart(): Promise<void>
}

export function useInstallation(): Installation {
  const controlPlane = useControlPlane()
  let stage: Stage | undefined
  let license = ''
  let well: State | undefined
  let lift: (() => void)[] = []

  const installation: Installation = {
    controlPlane,
    get stage() {
      return stage!
    },
    get license() {
      return license
    },
    trouble(...rules) {
      lift.push(...rules.map((rule) => installation.stage.proxy.rule(rule)))
    },
    mended() {
      for (const one of lift) one()
      lift = []
    },
    isWell: (what) => installation.stage.reaches(well!, what, withoutPast),
    async life() {
      const { cluster } = installation.stage
      await cluster.config(['rex'])
      await cluster.client.create(nodes, eksLikeNode(9), soon())
      await cluster.installLicense('half a lic')
      await cluster.config(['rex', 'tess', 'cypher'])
      await cluster.remove(licenses, 'acme')
      await cluster.remove(nodes, eksLikeNode(9).metadata.name)
      await cluster.installLicense(license)
      await cluster.config(['rex', 'tess'])
    },
    async restart() {
      installation.stage.crash()
      await installation.stage.start()
    },
  }

  beforeAll(async () => {
    stage = await openStage(controlPlane.plane)
    const { cluster } = stage
    await addNodes(cluster, [eksLikeNode(1), eksLikeNode(2), eksLikeNode(3)])
    license = await stage.issue({ expiresAt: Date.now() + 300 * DAY })
    await cluster.installLicense(license)
    await cluster.config(['rex', 'tess'])
    await stage.start()
    await cluster.entitled(({ agents }) => agents.admitted.length === 2)
    await stage.settle()
    await cluster.apply(deployments, agentDeployment('morgan', 'cto-agents'))
    await cluster.entitled(({ agents }) => agents.admitted.length === 3)
    await stage.settle()
    well = await stage.state()
  })
  beforeEach(async () => {
    await installation.stage.settle()
    installation.stage.proxy.writes.length = 0
    installation.stage.proxy.asked.length = 0
  })
  afterEach(async () => {
    installation.mended()
    await installation.isWell('after the test')
    checkInvariants(installation.stage)
  })
  afterAll(() => stage?.[Symbol.asyncDispose]())
  return installation
}
