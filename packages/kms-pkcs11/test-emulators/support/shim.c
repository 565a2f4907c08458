/* A PKCS#11 module that passes everything on to another one, and spoils what a control file names. Each line of the file is
 *   <function> sleep|give|crash|flags|iv|zero|longer|id <number>
 * and counts for every call as long as it stands there; `<function> once <number>` counts for one call, and the file is removed.
 * Every call of a spoilable function is logged by its name. The paths come in SHIM_MODULE, SHIM_CONTROL and SHIM_LOG. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef unsigned long U;
typedef void *P;
typedef struct { unsigned char version[2]; P functions[68]; } List;
typedef struct { U type; P parameter; U length; } Mechanism;
typedef struct { U type; unsigned char *value; U length; } Attribute;

enum { GET_TOKEN_INFO = 6, GET_MECHANISM_INFO = 8, OPEN_SESSION = 12, LOGIN = 18, FIND_OBJECTS_INIT = 26, ENCRYPT_INIT = 29,
       ENCRYPT = 30, DECRYPT_INIT = 33, DECRYPT = 34, GENERATE_KEY = 58 };

static List *real, shim;

/* What the control file says of the function: its action, or an empty text. */
static void asked(const char *function, char *action, U *number) {
  char line[128], name[64];
  action[0] = 0;
  int log = open(getenv("SHIM_LOG"), O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (log >= 0) {
    snprintf(line, sizeof line, "%s\n", function);
    if (write(log, line, strlen(line)) < 0) abort();
    close(log);
  }
  FILE *file = fopen(getenv("SHIM_CONTROL"), "r");
  if (!file) return;
  while (fgets(line, sizeof line, file)) {
    char found[32];
    U value = 0;
    if (sscanf(line, "%63s %31s %lu", name, found, &value) >= 2 && strcmp(name, function) == 0) {
      strcpy(action, found);
      *number = value;
    }
  }
  fclose(file);
}

/* Sleeps or crashes; 1 with a code to give instead of calling. */
static int spoilt(const char *function, char *action, U *number) {
  asked(function, action, number);
  if (strcmp(action, "sleep") == 0) sleep((unsigned)*number);
  if (strcmp(action, "crash") == 0) abort();
  if (strcmp(action, "once") == 0) unlink(getenv("SHIM_CONTROL"));
  return strcmp(action, "give") == 0 || strcmp(action, "once") == 0;
}

#define BEGIN(name) char action[32]; U number = 0; if (spoilt(name, action, &number)) return number

static U get_token_info(U slot, unsigned char *info) {
  BEGIN("C_GetTokenInfo");
  U rv = ((U (*)(U, P))real->functions[GET_TOKEN_INFO])(slot, info);
  if (strcmp(action, "flags") == 0) *(U *)(info + 96) |= number;
  return rv;
}
static U get_mechanism_info(U slot, U type, P info) {
  BEGIN("C_GetMechanismInfo");
  return ((U (*)(U, U, P))real->functions[GET_MECHANISM_INFO])(slot, type, info);
}
static U open_session(U slot, U flags, P application, P notify, P session) {
  BEGIN("C_OpenSession");
  return ((U (*)(U, U, P, P, P))real->functions[OPEN_SESSION])(slot, flags, application, notify, session);
}
static U login(U session, U user, P pin, U length) {
  BEGIN("C_Login");
  return ((U (*)(U, U, P, U))real->functions[LOGIN])(session, user, pin, length);
}
static U find_objects_init(U session, P attributes, U count) {
  BEGIN("C_FindObjectsInit");
  return ((U (*)(U, P, U))real->functions[FIND_OBJECTS_INIT])(session, attributes, count);
}
static U encrypt_init(U session, Mechanism *mechanism, U key) {
  BEGIN("C_EncryptInit");
  /* As AWS CloudHSM: an IV of the token's own; `zero` refuses any that is not to be filled in. */
  unsigned char zeros[12] = {0};
  if (strcmp(action, "zero") == 0) {
    if (memcmp(*(P *)mechanism->parameter, zeros, 12) != 0) return 0x71;
    memset(*(P *)mechanism->parameter, (int)number, 12);
  }
  if (strcmp(action, "iv") == 0) memset(*(P *)mechanism->parameter, (int)number, 12);
  return ((U (*)(U, P, U))real->functions[ENCRYPT_INIT])(session, mechanism, key);
}
static U encrypt(U session, P data, U length, unsigned char *out, U *out_length) {
  BEGIN("C_Encrypt");
  U rv = ((U (*)(U, P, U, P, P))real->functions[ENCRYPT])(session, data, length, out, out_length);
  /* As Luna in FIPS mode: the IV behind the tag. */
  if (strcmp(action, "longer") == 0) *out_length += number;
  return rv;
}
static U decrypt_init(U session, P mechanism, U key) {
  BEGIN("C_DecryptInit");
  return ((U (*)(U, P, U))real->functions[DECRYPT_INIT])(session, mechanism, key);
}
static U decrypt(U session, P data, U length, P out, U *out_length) {
  BEGIN("C_Decrypt");
  U rv = ((U (*)(U, P, U, P, P))real->functions[DECRYPT])(session, data, length, out, out_length);
  if (strcmp(action, "longer") == 0) *out_length += number;
  return rv;
}
static U generate_key(U session, P mechanism, Attribute *attributes, U count, P key) {
  BEGIN("C_GenerateKey");
  /* As a token that keeps ids in its own way. */
  for (U i = 0; i < count; i++)
    if (strcmp(action, "id") == 0 && attributes[i].type == 0x102) memset(attributes[i].value, (int)number, attributes[i].length);
  return ((U (*)(U, P, P, U, P))real->functions[GENERATE_KEY])(session, mechanism, attributes, count, key);
}

U C_GetFunctionList(List **list) {
  P library = dlopen(getenv("SHIM_MODULE"), RTLD_NOW);
  if (!library) return 5;
  U rv = ((U (*)(List **))dlsym(library, "C_GetFunctionList"))(&real);
  if (rv != 0) return rv;
  shim = *real;
  shim.functions[GET_TOKEN_INFO] = (P)get_token_info;
  shim.functions[GET_MECHANISM_INFO] = (P)get_mechanism_info;
  shim.functions[OPEN_SESSION] = (P)open_session;
  shim.functions[LOGIN] = (P)login;
  shim.functions[FIND_OBJECTS_INIT] = (P)find_objects_init;
  shim.functions[ENCRYPT_INIT] = (P)encrypt_init;
  shim.functions[ENCRYPT] = (P)encrypt;
  shim.functions[DECRYPT_INIT] = (P)decrypt_init;
  shim.functions[DECRYPT] = (P)decrypt;
  shim.functions[GENERATE_KEY] = (P)generate_key;
  *list = &shim;
  return 0;
}
