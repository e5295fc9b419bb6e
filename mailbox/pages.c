/* SPDX-License-Identifier: BSD-2-Clause */
#include "mailbox/pages.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/span.h"
#include "base/str.h"
#include "io/crypto/crypto.h"

#define PAGES_MAX 1000
#define FILE_MAX ((size_t)8 << 20)
#define DEPTH_MAX 6
#define PATH_SIZE 4200

#define CSP_DEFAULT                                                                              \
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "  \
	"connect-src 'self'; worker-src 'self'; frame-src 'self'; form-action 'self'; base-uri " \
	"'none'; frame-ancestors 'none'"

static const struct {
	const char *ending, *type;
} types[] = {
	{ ".html", "text/html; charset=utf-8" },
	{ ".js", "text/javascript; charset=utf-8" },
	{ ".mjs", "text/javascript; charset=utf-8" },
	{ ".css", "text/css; charset=utf-8" },
	{ ".svg", "image/svg+xml" },
	{ ".png", "image/png" },
	{ ".ico", "image/x-icon" },
	{ ".wasm", "application/wasm" },
	{ ".json", "application/json" },
	{ ".woff2", "font/woff2" },
	{ ".txt", "text/plain; charset=utf-8" },
};

struct pages {
	size_t count;
	struct page page[PAGES_MAX];
};

static const char *type_of(const char *path)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (span_ends(span_of(path), types[i].ending))
			return types[i].type;
	}
	return NULL;
}

static bool read_file(struct buf *out, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;

	while (fd >= 0 && out->len < FILE_MAX && (n = read(fd, buf_reserve(out, 65536), 65536)) > 0)
		out->len += (size_t)n;
	if (fd >= 0)
		close(fd);
	if (n == 0)
		return true;
	log_warning("mailbox_pages: %s cannot be read: %s", path,
		    n < 0 ? strerror(errno) : "it is too large");
	return false;
}

static void add(struct pages *pages, const char *file, const char *path, const char *type)
{
	struct page *page = &pages->page[pages->count];
	unsigned char hash[CRYPTO_HASH_SIZE];

	if (pages->count == PAGES_MAX || !read_file(&page->body, file)) {
		buf_free(&page->body);
		return;
	}
	page->path = mem_strdup(path);
	page->type = type;
	page->csp = mem_strdup(CSP_DEFAULT);
	crypto_sha256(hash, page->body.data, page->body.len);
	page->etag[0] = '"';
	b64_text(page->etag + 1, hash, sizeof(hash));
	page->etag[PAGES_ETAG_SIZE - 2] = '"';
	page->etag[PAGES_ETAG_SIZE - 1] = '\0';
	pages->count++;
}

static void read_folder(struct pages *pages, const char *dir, const char *at, int depth)
{
	DIR *folder = opendir(dir);
	struct dirent *entry;

	while (folder != NULL && (entry = readdir(folder)) != NULL) {
		char file[PATH_SIZE], path[PATH_SIZE];
		struct stat st;

		if (entry->d_name[0] == '.' ||
		    !str_join(file, sizeof(file), dir, "/", entry->d_name, NULL) ||
		    !str_join(path, sizeof(path), at, "/", entry->d_name, NULL) ||
		    stat(file, &st) != 0)
			continue;
		if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
			read_folder(pages, file, path, depth + 1);
		else if (S_ISREG(st.st_mode) && type_of(path) != NULL)
			add(pages, file, path, type_of(path));
	}
	if (folder != NULL)
		closedir(folder);
}

/* Lines of a path, a blank, and its policy. */
static void read_policies(struct pages *pages, const char *dir)
{
	char file[PATH_SIZE];
	struct buf text = { 0 };
	struct span rest;
	bool found = true;

	if (!str_join(file, sizeof(file), dir, "/csp", NULL) || access(file, F_OK) != 0 ||
	    !read_file(&text, file)) {
		buf_free(&text);
		return;
	}
	rest = (struct span){ buf_cstr(&text), text.len };
	while (rest.len > 0 && found) {
		struct span line = span_trim(span_cut(&rest, "\n", &found));
		bool has;
		struct span path = span_cut(&line, " ", &has);
		bool used = line.len == 0 || path.len == 0 || path.at[0] == '#';

		for (size_t i = 0; i < pages->count && !used; i++) {
			struct page *page = &pages->page[i];

			if (!span_is(path, page->path + 1))
				continue;
			free(page->csp);
			page->csp = mem_strndup(line.at, line.len);
			used = true;
		}
		if (!used)
			log_warning("mailbox_pages: csp names %.*s, which is not there",
				    (int)path.len, path.at);
	}
	buf_free(&text);
}

struct pages *pages_read(const char *dir, const char *logo)
{
	struct pages *pages = mem_zero(1, sizeof(*pages));

	read_folder(pages, dir, "", 0);
	read_policies(pages, dir);
	if (logo[0] != '\0' && type_of(logo) != NULL)
		add(pages, logo, "/logo", type_of(logo));
	if (pages_find(pages, "/") != NULL)
		return pages;
	log_error("mailbox_pages=%s has no index.html", dir);
	pages_free(pages);
	return NULL;
}

void pages_free(struct pages *pages)
{
	if (pages == NULL)
		return;
	for (size_t i = 0; i < pages->count; i++) {
		free(pages->page[i].path);
		free(pages->page[i].csp);
		buf_free(&pages->page[i].body);
	}
	free(pages);
}

const struct page *pages_find(const struct pages *pages, const char *path)
{
	if (strcmp(path, "/") == 0)
		path = "/index.html";
	for (size_t i = 0; i < pages->count; i++) {
		if (strcmp(pages->page[i].path, path) == 0)
			return &pages->page[i];
	}
	return NULL;
}
