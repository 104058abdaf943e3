/// <reference types="vitest/config" />
// The build promises: every asset lies under a/<its hash>/, so that it may be cached for ever; nothing is inlined.
import { createRequire } from "node:module";
import optimizeLocales from "@react-aria/optimize-locales-plugin";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const require = createRequire(import.meta.url);
const router = process.env.ROUTER_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  base: "/console/",
  plugins: [
    react(),
    // React Aria speaks thirty languages; ours are six.
    { ...optimizeLocales.vite({ locales: ["en-US", "de-DE", "sv-SE", "da-DK", "pl-PL", "lv-LV"] }), enforce: "pre" },
  ],
  resolve: {
    alias: {
      // Messages are compiled at build time, so the parser need not be shipped.
      "@formatjs/icu-messageformat-parser": require
        .resolve("@formatjs/icu-messageformat-parser")
        .replace(/index\.js$/, "no-parser.js"),
    },
  },
  build: {
    target: ["chrome123", "firefox128", "safari17.5"],
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 600,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        entryFileNames: "a/[hash]/[name].js",
        chunkFileNames: "a/[hash]/[name].js",
        assetFileNames: "a/[hash]/[name][extname]",
      },
    },
  },
  server: { proxy: { "/api": router } },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
