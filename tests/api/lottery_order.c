/*
 * Recomputes the order of a lottery from the published seed alone: lottery_order SEED USER...
 * A user's draw is the first 4 bytes, big-endian, of HMAC-SHA-256 with the seed as key and the user
 * id in decimal as message; lower is earlier, equal draws go by the id compared as text.
 */
#include <sodium.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct draw {
	const char *user;
	uint32_t number;
};

static int earlier(const void *a, const void *b)
{
	const struct draw *x = a, *y = b;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return strcmp(x->user, y->user);
}

static uint32_t draw_of(const unsigned char seed[32], const char *user)
{
	unsigned char mac[crypto_auth_hmacsha256_BYTES];
	crypto_auth_hmacsha256_state state;

	crypto_auth_hmacsha256_init(&state, seed, 32);
	crypto_auth_hmacsha256_update(&state, (const unsigned char *)user, strlen(user));
	crypto_auth_hmacsha256_final(&state, mac);
	return (uint32_t)mac[0] << 24 | (uint32_t)mac[1] << 16 | (uint32_t)mac[2] << 8 | mac[3];
}

int main(int argc, char **argv)
{
	struct draw *draws = calloc((size_t)argc, sizeof(*draws));
	unsigned char seed[32];
	size_t n, count = 0;

	if (!draws || argc < 3 || sodium_hex2bin(seed, sizeof(seed), argv[1], strlen(argv[1]), NULL, &n, NULL) ||
	    n != 32) {
		fputs("usage: lottery_order SEED USER...\n", stderr);
		return 2;
	}
	for (int i = 2; i < argc; i++)
		draws[count++] = (struct draw){argv[i], draw_of(seed, argv[i])};
	qsort(draws, count, sizeof(*draws), earlier);
	for (size_t i = 0; i < count; i++)
		printf("%s %u\n", draws[i].user, draws[i].number);
	free(draws);
	return 0;
}
