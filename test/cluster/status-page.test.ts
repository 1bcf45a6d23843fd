// The status page as people see it: a real operator on a real API server, in a real browser.

import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DAY } from '../../src/domain/time.ts'
import { type Browser, chromium, type Page, startBrowser, type View } from '../support/browser.ts'
import { useControlPlane } from '../support/control-plane.ts'
import { aLicense, aVendor, type Cluster, connect, makeKind, prepare, runOperator } from '../support/operator.ts'

const WIDE: View = { width: 1180 }
const PHONE: View = { width: 320 }
// For the docs: where to put a picture of each page that was looked at.
const pictures = process.env['CTO_PICTURES']

describe.skipIf(chromium === undefined)(
  chromium === undefined ? 'the status page (skipped: no Chromium; apt-get install chromium)' : 'the status page',
  () => {
    const controlPlane = useControlPlane()
    let browser: Browser
    let cluster: Cluster
    beforeAll(async () => {
      browser = await startBrowser(chromium ?? '')
      cluster = await connect(controlPlane.plane.kubeconfigPath)
      await prepare(cluster)
      await makeKind(cluster, { workers: 1 })
    })
    afterAll(async () => browser?.[Symbol.asyncDispose]())

    async function look(address: string, view: View, name: string): Promise<Page> {
      const page = await browser.open(`http://${address}/`, view)
      if (view.scripts !== false) await page.until(`document.getElementById('live').textContent === 'Live'`)
      const width = await page.evaluate<number>('document.documentElement.scrollWidth')
      expect(width, `${name} does not scroll sideways`).toBeLessThanOrEqual(view.width)
      if (pictures !== undefined) {
        await mkdir(pictures, { recursive: true })
        await writeFile(join(pictures, `${name}.png`), await page.screenshot())
      }
      return page
    }

    test(
      'shows the free plan, follows a license without a reload, and says when it is not live',
      { timeout: 120_000 },
      async () => {
        const vendor = await aVendor()
        await using running = await runOperator(await cluster.access(), vendor)
        const { address } = running.operator
        await cluster.config(['rex', 'blaze', 'tess'], {
          license: { organization: '<script>window.harmed = true</script>' },
          guardian: { enabled: true, mode: 'full' },
        })
        await cluster.entitled(({ agents }) => agents.admitted.length === 2)
        const page = await look(address, WIDE, 'free')
        const text = () => page.evaluate<string>('document.body.innerText')
        expect(await text()).toMatch(/In force, with 1 agent refused/)
        expect(await text()).toMatch(/the Free plan admits rex and blaze/)
        expect(await text()).toMatch(/Kind by provider ID on 2 nodes/)
        expect(await text()).toMatch(/Powered by 5D Labs/)

        await page.evaluate('window.stayed = true')
        const organization = 'Acme <b onclick="harm()">Corp</b> & Söhne'
        await cluster.installLicense(
          await aLicense(vendor, { serial: 1, licenseId: 'lic-1', organization, expiresAt: Date.now() + 300 * DAY }),
        )
        await page.until(`document.title.startsWith('In force, with something to know')`)
        await page.until(`document.querySelectorAll('#agents .state.good').length === 3`)
        expect(await text()).toContain(organization)
        expect(await text()).toMatch(/299\s+days left/)
        expect(await text()).not.toMatch(/Powered by/)
        expect(await page.evaluate('document.querySelectorAll("main b[onclick], main script").length')).toBe(0)
        expect(await page.evaluate('[window.stayed, window.harmed]')).toEqual([true, null])
        const announced = await page.evaluate<string>(`document.getElementById('announcement').textContent`)
        expect(announced).toMatch(/^In force, with something to know\. The Team license of Acme/)

        // What the browser asks for is all there, and nothing was refused by the page's own policy.
        expect(page.complaints).toEqual([])
        await running.stop()
        await page.until(`document.getElementById('live').textContent === 'Not live, trying again'`)
        await page.close()
      },
    )

    test('is whole without scripts, on a phone, in the dark and on paper', { timeout: 120_000 }, async () => {
      const vendor = await aVendor()
      await using running = await runOperator(await cluster.access(), vendor)
      const { address } = running.operator
      await cluster.config(['rex', 'a-custom-agent-with-quite-a-long-name'], {
        guardian: { enabled: true, mode: 'full' },
      })
      await cluster.installLicense(
        await aLicense(vendor, { serial: 2, licenseId: 'lic-2', expiresAt: Date.now() - 20 * DAY }),
      )
      await cluster.entitled(
        ({ degradation, agents }) => degradation === 'GuardianReduced' && agents.refused.length === 1,
      )

      const grounds = new Map<string, string>()
      for (const [name, view] of Object.entries({
        phone: PHONE,
        'phone, dark': { ...PHONE, dark: true },
        dark: { ...WIDE, dark: true },
        paper: { width: 700, print: true },
        plain: { ...WIDE, scripts: false },
      })) {
        const page = await look(address, view, `expired, ${name}`)
        const isLive = name !== 'plain' && name !== 'paper'
        if (isLive) await page.until(`!document.getElementById('live').hidden`)
        expect(page.complaints, name).toEqual([])
        grounds.set(name, await page.evaluate('getComputedStyle(document.body).backgroundColor'))
        const text = await page.evaluate<string>('document.body.innerText')
        expect(text, name).toMatch(/The license has ended/)
        expect(text, name).toMatch(/Renew the license/)
        expect(text, name).toMatch(/a-custom-agent-with-quite-a-long-name/)
        expect(text.includes('Live'), name).toBe(isLive)
        await page.close()
      }
      expect(grounds.get('phone')).toBe('rgb(245, 246, 248)')
      expect(grounds.get('dark')).toBe('rgb(14, 17, 22)')
    })

    test(
      'is the same to a screen reader: landmarks, headings in order, captions, and a name for everything',
      { timeout: 120_000 },
      async () => {
        const vendor = await aVendor()
        await cluster.config(['rex', 'blaze', 'tess', 'morgan'], { guardian: { enabled: true, mode: 'full' } })
        await cluster.installLicense(await aLicense(vendor, { serial: 3, licenseId: 'lic-3' }))
        await using running = await runOperator(await cluster.access(), vendor)
        await cluster.entitled(({ agents, verdict }) => agents.admitted.length === 4 && verdict === 'Valid')
        const page = await look(running.operator.address, WIDE, 'licensed')
        expect(await page.evaluate('document.title')).toBe('Everything is in order: CTO Platform license')
        const tree = await page.accessibility()
        const named = (role: string) => tree.filter((node) => node.role === role).map(({ name }) => name)

        for (const landmark of ['banner', 'main', 'contentinfo']) expect(named(landmark), landmark).toHaveLength(1)
        const regions = named('region')
        expect(regions).toEqual(
          expect.arrayContaining(['Limits', 'Agents', 'What happens when', 'License', 'Cluster', 'What happened last']),
        )
        expect(regions.every((name) => name !== '')).toBe(true)
        const levels = tree.filter(({ role }) => role === 'heading').map(({ level }) => level)
        expect(levels).toEqual([1, ...regions.map(() => 2)])
        expect(named('table')).toEqual([
          expect.stringMatching(/^\d admitted, \d refused, \d held$/),
          expect.stringMatching(/^Since the operator was started/),
        ])
        expect(named('columnheader')).toEqual(['Agent', 'State', 'When', 'What'])
        expect(named('link')).toEqual(['Skip to the status', 'The same as JSON'])
        // Signs repeat words: nothing without a name is left for a screen reader to stumble over.
        expect(
          tree.filter(
            ({ role, name }) => ['image', 'graphics-document', 'link', 'button'].includes(role) && name === '',
          ),
        ).toEqual([])
        expect(await page.evaluate('document.documentElement.lang')).toBe('en')
        await page.close()
      },
    )
  },
)
