import { createChoice, type Random } from "./random.ts";

const WINDOWS = "Windows NT 10.0; Win64; x64";
const MAC = "Macintosh; Intel Mac OS X 10_15_7";
const LINUX = "X11; Linux x86_64";
const UBUNTU = "X11; Ubuntu; Linux x86_64";

function chrome(platform: string, version: number, rest = ""): string {
  return `Mozilla/5.0 (${platform}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${version}.0.0.0 Safari/537.36${rest}`;
}

function android(device: string, version: number, rest = ""): string {
  return `Mozilla/5.0 (Linux; Android ${device}) AppleWebKit/537.36 (KHTML, like Gecko) ${rest}Chrome/${version}.0.0.0 Mobile Safari/537.36`;
}

function firefox(platform: string, version: number): string {
  return `Mozilla/5.0 (${platform}; rv:${version}.0) Gecko/20100101 Firefox/${version}.0`;
}

function iphone(system: string, version: string): string {
  return `Mozilla/5.0 (iPhone; CPU iPhone OS ${system} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/${version} Mobile/15E148 Safari/604.1`;
}

function safari(version: string): string {
  return `Mozilla/5.0 (${MAC}) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/${version} Safari/605.1.15`;
}

function compatible(product: string): string {
  return `Mozilla/5.0 (compatible; ${product})`;
}

type Weighted = readonly (readonly [weight: number, agent: string])[];

const PEOPLE: Weighted = [
  [90, chrome(WINDOWS, 138)],
  [60, chrome(WINDOWS, 137)],
  [22, chrome(WINDOWS, 136)],
  [6, chrome(WINDOWS, 131)],
  [5, chrome(WINDOWS, 109)],
  [40, chrome(MAC, 138)],
  [18, chrome(MAC, 137)],
  [8, chrome(LINUX, 138)],
  [3, chrome(LINUX, 136)],
  [3, chrome("X11; CrOS x86_64 14541.0.0", 137)],
  [26, chrome(WINDOWS, 138, " Edg/138.0.0.0")],
  [14, chrome(WINDOWS, 137, " Edg/137.0.0.0")],
  [3, chrome(MAC, 137, " Edg/137.0.0.0")],
  [6, chrome(WINDOWS, 136, " OPR/121.0.0.0")],
  [3, chrome(WINDOWS, 137, " Vivaldi/7.4.3684.50")],
  [75, android("10; K", 138)],
  [40, android("10; K", 137)],
  [9, android("14; Pixel 8 Build/AP2A.240805.005; wv", 137, "Version/4.0 ")],
  [22, android("10; K", 127, "SamsungBrowser/28.0 ")],
  [8, android("10; K", 125, "SamsungBrowser/27.0 ")],
  [4, android("13; SM-A536B", 134)],
  [3, android("12; Redmi Note 10 Pro", 132)],
  [80, iphone("18_5", "18.5")],
  [30, iphone("18_4_1", "18.4")],
  [14, iphone("17_7_2", "17.7")],
  [5, iphone("16_7_11", "16.6")],
  [10, iphone("18_5", "18.5").replace("Version/18.5", "CriOS/138.0.7204.33")],
  [4, iphone("18_4_1", "18.4").replace("Version/18.4", "FxiOS/139.0")],
  [
    9,
    "Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
  ],
  [34, safari("18.5")],
  [12, safari("18.4")],
  [6, safari("17.6")],
  [20, firefox(WINDOWS, 140)],
  [12, firefox(WINDOWS, 139)],
  [4, firefox(WINDOWS, 128)],
  [6, firefox("Macintosh; Intel Mac OS X 10.15", 140)],
  [7, firefox(UBUNTU, 140)],
  [3, firefox(LINUX, 139)],
  [4, firefox("Android 14; Mobile", 140)],
  [2, "Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko"],
  [7, "ShopApp/5.12.1 (iPhone; iOS 18.5; Scale/3.00)"],
  [6, "ShopApp/5.12.0 (Android 14; okhttp 4.12.0)"],
];

const ROBOTS: Weighted = [
  [40, compatible("Googlebot/2.1; +http://www.google.com/bot.html")],
  [18, android("6.0.1; Nexus 5X Build/MMB29P", 137) + " (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"],
  [6, "Googlebot-Image/1.0"],
  [26, compatible("bingbot/2.0; +http://www.bing.com/bingbot.htm")],
  [14, compatible("AhrefsBot/7.0; +http://ahrefs.com/robot/")],
  [12, compatible("SemrushBot/7~bl; +http://www.semrush.com/bot.html")],
  [8, compatible("YandexBot/3.0; +http://yandex.com/bots")],
  [5, compatible("DotBot/1.2; +https://opensiteexplorer.org/dotbot; help@moz.com")],
  [5, compatible("MJ12bot/v1.4.8; http://mj12bot.com/")],
  [
    9,
    `Mozilla/5.0 (${MAC}) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15 (Applebot/0.1; +http://www.apple.com/go/applebot)`,
  ],
  [12, "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; CCBot/2.0; +https://commoncrawl.org/faq/)"],
  [8, compatible("PetalBot; +https://webmaster.petalsearch.com/site/petalbot")],
  [5, "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)"],
  [3, "Twitterbot/1.0"],
  [6, "Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)"],
  [4, "curl/8.5.0"],
  [2, "curl/7.88.1"],
  [5, "python-requests/2.32.3"],
  [4, "Go-http-client/1.1"],
  [2, "Wget/1.21.4"],
  [2, "Apache-HttpClient/4.5.14 (Java/17.0.11)"],
  [3, "-"],
];

/** The health check's. */
export const PROBE_AGENT = "kube-probe/1.31";

/** Of bot waves: one per wave. */
export const WAVE_AGENTS = [
  "python-requests/2.31.0",
  "Scrapy/2.11.2 (+https://scrapy.org)",
  compatible("PriceScout/3.1; +https://pricescout.example/bot"),
  chrome(WINDOWS, 92),
  "Mozilla/5.0 zgrab/0.x",
  "Go-http-client/2.0",
];

function createAgents(weighted: Weighted): (random: Random) => string {
  const choose = createChoice(weighted.map(([weight]) => weight));
  return (random) => weighted[choose(random)][1];
}

export const personAgent = createAgents(PEOPLE);
export const robotAgent = createAgents(ROBOTS);
