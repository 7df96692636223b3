// The demo page in a tab: what a person does there, and what they then see.

/** Opens the page; resolves once the tab shows how its first attempt to connect ended. */
export async function openTab(browser, address) {
  const context = await browser.newContext({ locale: 'en-GB' });
  const page = await context.newPage();
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // The browser itself reports every connection that fails.
    if (message.type() === 'error' && !/^WebSocket connection to /.test(message.text())) {
      complaints.push(message.text());
    }
  });
  await page.goto(address);
  const tab = new Tab(page, complaints);
  await tab.settled();
  return tab;
}

class Tab {
  /** What the page reported to the console as errors. */
  complaints;
  #page;

  constructor(page, complaints) {
    this.#page = page;
    this.complaints = complaints;
  }

  /** Text of each element the selector finds. */
  async texts(selector) {
    const texts = await this.#page.locator(selector).allInnerTexts();
    return texts.map((text) => text.replace(/\s+/g, ' ').trim());
  }

  async text(selector) {
    return (await this.texts(selector)).join(' | ');
  }

  /** Waits until an element has this text within it. */
  async sees(selector, text) {
    await this.#page.locator(selector).filter({ hasText: text }).first().waitFor();
  }

  /** Waits until the selector finds so many elements. */
  async counts(selector, count) {
    await this.#page.waitForFunction(
      ([which, number]) => document.querySelectorAll(which).length === number,
      [selector, count],
    );
  }

  /** What a person has typed, or could have. */
  value(selector) {
    return this.#page.locator(selector).inputValue();
  }

  async type(selector, text) {
    await this.#page.locator(selector).fill(text);
  }

  async settled() {
    await this.#page.locator('#status:not([data-state=connecting]) #sentence:not(:empty)').waitFor();
  }

  /** What the status says, and what the button offers. */
  async status() {
    await this.settled();
    return `${await this.text('#state')}: ${await this.text('#sentence')} [${await this.text('#toggle')}]`;
  }

  /** Waits for a status other than `before`. */
  async statusAfter(before) {
    await this.#page.locator(`#status:not([data-state=${before}])`).waitFor();
    return this.status();
  }

  press(label) {
    return this.#page.getByRole('button', { name: label, exact: true }).click();
  }

  async join(name) {
    await this.#page.getByLabel('Your name').fill(name);
    await this.press('Join');
  }

  /** Types a message and sends it by keyboard. */
  async say(text) {
    const input = this.#page.getByLabel('Message', { exact: true });
    await input.fill(text);
    await input.press('Enter');
  }

  /** The chat as lines, without the times. */
  chat() {
    return this.#page.locator('#lines > li').evaluateAll((lines) =>
      lines.map((line) => {
        const said = line.querySelector('p');
        return said ? `${line.querySelector('b').textContent}: ${said.textContent}` : line.textContent;
      }),
    );
  }

  /** Calculates; resolves to the result or what went wrong. */
  async calculate(left, operation, right) {
    const page = this.#page;
    const outcome = () =>
      page.locator('.result').innerText();
    const before = await outcome();
    await page.getByLabel('First number').fill(left);
    await page.getByLabel('Operation').selectOption(operation);
    await page.getByLabel('Second number').fill(right);
    await this.press('Calculate');
    await page.waitForFunction(
      (old) => document.querySelector('.result').innerText !== old,
      before,
    );
    return outcome();
  }

  /** Calls through the explorer; resolves to the line in the answers. */
  async call(method, args) {
    const answers = this.#page.locator('#answers > li');
    const before = await answers.count();
    await this.#page.getByLabel('Method').fill(method);
    await this.#page.getByLabel('Arguments').fill(args);
    await this.press('Call');
    await answers.nth(before).waitFor();
    return (await answers.first().locator('code').allInnerTexts()).join(' → ');
  }

  async inspect(name) {
    await this.#page.getByLabel('Inspect another interface').fill(name);
    await this.press('Inspect');
  }

  /** Resolves to the times the clock shows next. */
  async ticks(count) {
    const time = this.#page.locator('#time');
    const shown = [await time.getAttribute('datetime')];
    while (shown.length <= count) {
      await this.#page.waitForFunction(
        (last) => document.querySelector('#time').dateTime !== last,
        shown.at(-1),
      );
      shown.push(await time.getAttribute('datetime'));
    }
    return shown.slice(1);
  }

  /** Has the page believe that the browser went offline, or came back. */
  network(event) {
    return this.#page.evaluate((name) => dispatchEvent(new Event(name)), event);
  }

  /** How much the page is wider than its window. */
  overflow() {
    return this.#page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  }

  async resize(width, height) {
    await this.#page.setViewportSize({ width, height });
  }

  close() {
    return this.#page.context().close();
  }
}
