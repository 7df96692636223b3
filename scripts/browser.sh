# Sets CHROME and CHROMEDRIVER, unless they are set, to what PATH offers, or to nothing. To be sourced.

first_of() {
  local name
  for name in "$@"; do
    command -v "$name" && return
  done
  return 0
}

CHROME=${CHROME:-$(first_of chromium chromium-browser google-chrome-stable google-chrome \
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome')}
CHROMEDRIVER=${CHROMEDRIVER:-$(first_of chromedriver chromium.chromedriver)}
export CHROME CHROMEDRIVER
