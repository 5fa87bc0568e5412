/* SPDX-License-Identifier: Apache-2.0 */
#include "scenario_rows.h"

/* Each row's file is refused, and its report is the expected one. */
static void refuse_rows(const struct row *rows, size_t n)
{
    struct test_mem tm;
    test_mem_init(&tm);
    for (size_t i = 0; i < n; i++) {
        struct rkmq_bytes file, report;
        struct rkmq_scenario *sc;
        rkmq__bytes_init(&file, &tm.mem);
        rkmq__bytes_init(&report, &tm.mem);
        make_file(&file, rows[i].place, rows[i].text);
        assert_int_equal(parse_bytes(&tm.mem, &file, 0, &sc, &report), RKMQ_E_INVALID);
        assert_null(sc);
        assert_text(&report, rows[i].expected);
        rkmq__bytes_close(&file);
        rkmq__bytes_close(&report);
    }
    test_mem_assert_empty(&tm);
}

static const struct row steps_rows[] = {
    {STEPS, "'steps':{},", "f:7:9: 'steps' must be a list, not an object\n"},
    {STEPS, "'steps':[],", "f:7:9: 'steps' must have from 1 to 1000 elements, not 0\n"},
    {STEPS, "'steps':[7],", "f:7:10: 'steps' must be an object, not 7\n"},
    {STEPS, "'steps':[{'at':'1s'}],", "f:7:10: 'do' is missing in a step\n"},
    {STEPS, "'steps':[{'do':{'mark':'m1'}}],",
     "f:7:10: a step takes exactly one of 'at', 'after', 'when', 'every'\n"},
    {STEPS, "'steps':[{'at':'1s','after':'1s','do':{'mark':'m1'}}],",
     "f:7:10: a step takes exactly one of 'at', 'after', 'when', 'every'\n"},
    {STEPS, "'steps':[{'at':'1s','times':3,'do':{'mark':'m1'}}],",
     "f:7:21: 'times' goes with 'every' only\n"},
    {STEPS, "'steps':[{'at':'1s','att':'1s','do':{'mark':'m1'}}],",
     "f:7:21: unknown key 'att' in a step; did you mean 'at'?\n"},
    {STEPS, "'steps':[{'id':'S1','at':'1s','do':{'mark':'m1'}}],",
     "f:7:16: the id of a step is made of a-z, 0-9 and -, not 'S1'\n"},
    {STEPS,
     "'steps':[{'id':'a','at':'1s','do':{'mark':'m1'}},{'id':'a','at':'1s','do':{'mark':'m1'}}]"
     ",",
     "f:7:56: a step 'a' stands in line 7\n"},
    {STEPS, "'steps':[{'at':1,'do':{'mark':'m1'}}],",
     "f:7:16: 'at' must be a moment such as '12s', 'step:join' or 'mark:x+2s', not 1\n"},
    {STEPS, "'steps':[{'at':'61s','do':{'mark':'m1'}}],",
     "f:7:16: 'at' is behind the end of the run, 1m\n"},
    {STEPS,
     "'steps':[{'at':'step:s2','do':{'mark':'m1'}},{'id':'s1','at':'1s','do':{'mark':'m1'}}],",
     "f:7:16: unknown step 's2'; did you mean 's1'?\n"},
    {STEPS, "'steps':[{'at':'mark:m2+1s','do':{'mark':'m1'}}],",
     "f:7:16: unknown mark 'm2'; did you mean 'm1'?\n"},
    {ACTION, "{'mark':'m1'}},{'at':'step:s1+1x','do':{'mark':'m1'}",
     "f:7:57: 'at' must be a moment such as '12s', 'step:join' or 'mark:x+2s', not "
     "'step:s1+1x'\n"},
    {STEPS,
     "'steps':[{'id':'a','at':'step:b','do':{'mark':'m1'}},{'id':'b','after':'1s','do':{'mark':"
     "'m1'}}],",
     "f:7:10: this step waits for itself, in a circle\n"
     "f:7:54: this step waits for itself, in a circle\n"},
    {STEPS, "'steps':[{'after':'-1s','do':{'mark':'m1'}}],",
     "f:7:19: 'after' must be a duration such as '50ms' or '2s', not '-1s'\n"},
    {STEPS, "'steps':[{'every':'0s','do':{'mark':'m1'}}],",
     "f:7:19: 'every' must be from 1us to 1000h, not '0s'\n"},
    {STEPS, "'steps':[{'when':{},'do':{'mark':'m1'}}],", "f:7:18: 'event' is missing in 'when'\n"},
    {STEPS, "'steps':[{'when':{'event':{'ev':'req'},'nht':2},'do':{'mark':'m1'}}],",
     "f:7:40: unknown key 'nht' in 'when'; did you mean 'nth'?\n"},
    {STEPS, "'steps':[{'when':{'event':{'ev':'req'},'nth':0},'do':{'mark':'m1'}}],",
     "f:7:46: 'nth' must be from 1 to 2147483647, not 0\n"},
    {STEPS, "'steps':[{'when':{'event':'req'},'do':{'mark':'m1'}}],",
     "f:7:27: 'event' must be an event {'ev': ...} or a state {'state': ...}\n"},
    {STEPS, "'steps':[{'when':{'event':{'ev':'req','state':'lag'}},'do':{'mark':'m1'}}],",
     "f:7:27: 'event' must be an event {'ev': ...} or a state {'state': ...}\n"},
    {ACTION, "[]", "f:7:36: 'do' must have from 1 to 64 elements, not 0\n"},
    {ACTION, "'start'", "f:7:36: an action is an object with one name, such as {'start': 'c1'}\n"},
    {ACTION, "{}", "f:7:36: an action is an object with one name, such as {'start': 'c1'}\n"},
    {ACTION, "{'start':'c1','stop':'c1'}",
     "f:7:36: these are 2 actions in one object: a list has an object for each, 'do': [{...}, "
     "{...}]\n"},
    {ACTION, "{'strat':'c1'}", "f:7:37: unknown action 'strat'; did you mean 'start'?\n"},
    {ACTION, "{'pull':'c1'}", "f:7:37: unknown action 'pull'\n"},
    {ACTION, "{'start':'c3'}", "f:7:45: unknown actor 'c3'; did you mean 'c1'?\n"},
    {ACTION, "{'start':['c1','c2','c1']}", "f:7:56: 'c1' stands twice in this list\n"},
    {ACTION, "{'start':7}", "f:7:45: 'start' must be the name of an actor, not 7\n"},
    {ACTION, "{'pause':'p1'}", "f:7:45: actor 'p1' is no push consumer\n"},
    {ACTION, "{'crash':{'who':'c1'}}", "f:7:45: 'how' is missing in action 'crash'\n"},
    {ACTION, "{'crash':{'who':'c1','how':'fin'}}",
     "f:7:63: 'how' must be one of 'rst', 'silent', 'exit', not 'fin'\n"},
    {ACTION, "{'mark':'M'}", "f:7:44: the id of a mark is made of a-z, 0-9 and -, not 'M'\n"},
    {ACTION, "{'settle':5}", "f:7:46: 'settle' must be a duration such as '50ms' or '2s', not 5\n"},
    {ACTION, "{'settle':'0s'}", "f:7:46: 'settle' must be from 1us to 1000h, not '0s'\n"},
};

static void test_steps(void **state)
{
    /* What is wrong in a step, its trigger or its form is said with its place and a hint. */
    (void)state;
    refuse_rows(steps_rows, RKMQ_COUNT_OF(steps_rows));
}

static const struct row actions_rows[] = {
    {ACTION, "{'produce':{'topic':'T','count':1}}",
     "f:7:47: 'by' is missing in action 'produce'\n"},
    {ACTION, "{'produce':{'by':'c1','topic':'T','count':1}}",
     "f:7:53: actor 'c1' is no producer\n"},
    {ACTION, "{'produce':{'by':'p1','topic':'TT','count':1}}",
     "f:7:66: unknown topic 'TT'; did you mean 'T'?\n"},
    {ACTION, "{'produce':{'by':'p1','topic':'T'}}",
     "f:7:47: 'produce' needs a 'count', or a 'rate' and 'for'\n"},
    {ACTION, "{'produce':{'by':'p1','topic':'T','rate':'10/s'}}",
     "f:7:47: a 'rate' needs 'for' or 'count', to end\n"},
    {ACTION, "{'produce':{'by':'p1','topic':'T','count':1,'for':'1s'}}",
     "f:7:47: 'for' needs a 'rate'\n"},
    {ACTION, "{'produce':{'by':'p1','topic':'T','rate':10,'for':'1s'}}",
     "f:7:77: 'rate' must be a rate such as '400/s' or '5/m', not 10\n"},
    {ACTION, "{'produce':{'by':'p1','topic':'T','rate':'10/2s','for':'1s'}}",
     "f:7:77: 'rate' must be a rate such as '400/s' or '5/m', not '10/2s'\n"},
    {ACTION, "{'produce':{'by':'p1','topic':'T','rate':'0/s','for':'1s'}}",
     "f:7:77: 'rate' must be a rate such as '400/s' or '5/m', not '0/s'\n"},
    {ACTION, "{'produce':{'by':'p1','topic':'T','rate':'10000000/ms','for':'1s'}}",
     "f:7:47: more than 10000000 messages\n"},
    {ACTION, "{'produce':{'by':'p1','topic':'T','count':0}}",
     "f:7:78: 'count' must be from 1 to 10000000, not 0\n"},
    {ACTION, "{'produce':{'by':'p1','topic':'T','count':1,'queue':'random'}}",
     "f:7:88: 'queue' must be 'round-robin' or one queue such as 'T@broker-a/3', not "
     "'random'\n"},
    {ACTION, "{'produce':{'by':'p1','topic':'T','count':1,'queue':'T@broker-a/*'}}",
     "f:7:88: 'queue' must be 'round-robin' or one queue such as 'T@broker-a/3', not "
     "'T@broker-a/*'\n"},
    {ACTION, "{'produce':{'by':'p1','topic':'T','count':1,'queue':'U@broker-a/0'}}",
     "f:7:88: this queue is not of the topic that is sent to\n"},
    {ACTION, "{'produce':{'by':'p1','topic':'T','count':1,'keys':'%s'}}",
     "f:7:87: 'keys' must be a text with one '%d' at most, such as 'order-%d', not '%s'\n"},
    {ACTION, "{'produce':{'by':'p1','topic':'T','count':1,'keys':'%d-%d'}}",
     "f:7:87: 'keys' must be a text with one '%d' at most, such as 'order-%d', not '%d-%d'\n"},
    {ACTION, "{'produce':{'by':'p1','topic':'T','count':1,'size':3}}",
     "f:7:80: unknown key 'size' in action 'produce'\n"},
    {ACTION, "{'produce':{'by':'p1','topic':'T','count':1,'body_bytes':4194305}}",
     "f:7:93: 'body_bytes' must be from 1 to 4194304, not 4194305\n"},
    {ACTION, "{'listener':{'cost':'1ms'}}", "f:7:48: 'who' is missing in action 'listener'\n"},
    {ACTION, "{'listener':{'who':'p1','cost':'1ms'}}", "f:7:55: actor 'p1' is no push consumer\n"},
    {ACTION, "{'topic':{'name':'T'}}",
     "f:7:45: 'topic' needs 'queues' or 'perm', else it changes nothing\n"},
    {ACTION, "{'topic':{'name':'T','queues':8,'broker':'broker-z'}}",
     "f:7:77: unknown broker 'broker-z'; did you mean 'broker-a'?\n"},
    {ACTION, "{'topic':{'name':'T','perm':'x'}}",
     "f:7:64: 'perm' must be one of 'rw', 'r', 'w', 'none', not 'x'\n"},
    {ACTION, "{'broker':{'name':'broker-a'}}", "f:7:46: 'do' is missing in action 'broker'\n"},
    {ACTION, "{'broker':{'name':'n1','do':'kill'}}",
     "f:7:54: unknown broker 'n1'; there are 'broker-a', 'broker-b'\n"},
    {ACTION, "{'broker':{'name':'broker-a','do':'stop'}}",
     "f:7:70: 'do' must be one of 'shutdown', 'kill', 'start', not 'stop'\n"},
    {ACTION, "{'broker':{'name':'broker-a','do':'start','keep':'none'}}",
     "f:7:78: 'keep' goes with 'do': 'kill' only\n"},
    {ACTION, "{'nameserver':{'name':'broker-a','do':'kill'}}",
     "f:7:58: unknown name server 'broker-a'; there are 'n1', 'n2'\n"},
    {ACTION, "{'nameserver':{'name':'n1','do':'kill','keep':'none'}}",
     "f:7:75: unknown key 'keep' in action 'nameserver'\n"},
    {ACTION, "{'net':{}}", "f:7:43: 'net' takes 'latency' and 'jitter', or 'cut', or 'heal'\n"},
    {ACTION, "{'net':{'cut':['c1']}}", "f:7:50: 'cut' must have 2 elements, not 1\n"},
    {ACTION, "{'net':{'cut':['c1','c1']}}", "f:7:50: the two ends of a link are different\n"},
    {ACTION, "{'net':{'cut':['c1','*'],'heal':['c1','*']}}",
     "f:7:43: 'net' takes exactly one of 'cut', 'heal'\n"},
    {ACTION, "{'net':{'cut':['c1','*'],'latency':'1s'}}",
     "f:7:43: 'net' takes 'latency' and 'jitter', or 'cut', or 'heal'\n"},
    {ACTION, "{'net':{'between':['c1','*']}}",
     "f:7:43: 'net' takes 'latency' and 'jitter', or 'cut', or 'heal'\n"},
    {ACTION, "{'net':{'latency':'1s','between':['c1','x1']}}",
     "f:7:75: unknown actor, broker or name server 'x1'; did you mean 'n1'?\n"},
    {ACTION, "{'fault':{'id':'x','match':{}}}", "f:7:45: 'effect' is missing in a fault rule\n"},
    {ACTION, "{'fault':{'id':'f1','match':{},'effect':'hold'}}",
     "f:7:51: a rule 'f1' was defined in line 6\n"},
    {ACTION, "{'hold':{'id':'x','match':{},'effect':'hold'}}",
     "f:7:65: unknown key 'effect' in a rule that holds\n"},
    {ACTION, "{'release':'f2'}", "f:7:47: unknown rule 'f2'; did you mean 'f1'?\n"},
    {ACTION, "{'release':7}", "f:7:47: 'release' must be the id of a rule, not 7\n"},
    {ACTION, "{'release':{'keep':true}}", "f:7:47: 'id' is missing in action 'release'\n"},
    {ACTION, "{'release':{'id':'f1','keep':'yes'}}",
     "f:7:65: 'keep' must be true or false, not 'yes'\n"},
    {ACTION, "{'notify':{'group':'g'}}", "f:7:46: 'notify' takes one of 'count' and 'drop'\n"},
    {ACTION, "{'notify':{'group':'g','count':1,'drop':true}}",
     "f:7:46: 'notify' takes one of 'count' and 'drop'\n"},
    {ACTION, "{'notify':{'group':'g','drop':'yes'}}",
     "f:7:66: 'drop' must be true or false, not 'yes'\n"},
    {ACTION, "{'notify':{'group':'g','drop':true,'every':'1s'}}",
     "f:7:46: 'every' needs a 'count'\n"},
    {ACTION, "{'notify':{'count':1}}", "f:7:46: 'group' is missing in action 'notify'\n"},
    {ACTION, "{'members':{'group':'g'}}",
     "f:7:47: 'members' takes exactly one of 'answer', 'are', 'without'\n"},
    {ACTION, "{'members':{'group':'g','answer':'truth','are':['c1']}}",
     "f:7:47: 'members' takes exactly one of 'answer', 'are', 'without'\n"},
    {ACTION, "{'members':{'group':'g','answer':'lies'}}",
     "f:7:69: 'answer' must be one of 'truth', 'empty', 'error', 'frozen', not 'lies'\n"},
    {ACTION, "{'members':{'group':'g','are':['c9']}}",
     "f:7:67: unknown push consumer 'c9'; did you mean 'c1'?\n"},
    {ACTION, "{'members':{'group':'g','are':[9]}}",
     "f:7:67: 'are' must be an actor or a client id, not 9\n"},
    {ACTION, "{'members':{'group':'g','without':[]}}",
     "f:7:70: 'without' must have from 1 to 256 elements, not 0\n"},
    {ACTION, "{'route':{'nameserver':'n3','lag':'1s'}}",
     "f:7:59: unknown name server 'n3'; did you mean 'n1'?\n"},
    {ACTION, "{'route':{'topic':'T'}}",
     "f:7:45: 'route' takes exactly one of 'answer', 'lag', 'without'\n"},
    {ACTION, "{'route':{'answer':'empti'}}",
     "f:7:55: 'answer' must be one of 'truth', 'not-found', 'empty', 'frozen', not 'empti'; "
     "did you mean 'empty'?\n"},
    {ACTION, "{'route':{'without':['broker-x']}}",
     "f:7:57: unknown broker 'broker-x'; did you mean 'broker-a'?\n"},
};

static void test_actions(void **state)
{
    /* What is wrong in an action is said with its place and a hint. */
    (void)state;
    refuse_rows(actions_rows, RKMQ_COUNT_OF(actions_rows));
}

static const struct row preds_rows[] = {
    {PRED, "{'ev':'reqq'}", "f:7:43: unknown event 'reqq'; did you mean 'req'?\n"},
    {PRED, "{'ev':7}", "f:7:43: 'ev' must be the name of an event, not 7\n"},
    {PRED, "{'ev':'req','who':'c1'}", "f:7:49: event 'req' has no 'who'\n"},
    {PRED, "{'ev':'req','fron':'c1'}",
     "f:7:49: unknown key of event 'req': 'fron'; did you mean 'from'?\n"},
    {PRED, "{'ev':'req','from':'c9'}",
     "f:7:56: unknown actor, broker or name server 'c9'; did you mean 'c1'?\n"},
    {PRED, "{'ev':'req','from':7}",
     "f:7:56: 'from' must be a name, {'ne': ...} or {'in': [...]}, not 7\n"},
    {PRED, "{'ev':'req','from':{'ne':'c9'}}",
     "f:7:62: unknown actor, broker or name server 'c9'; did you mean 'c1'?\n"},
    {PRED, "{'ev':'req','from':{'ne':'c1','in':['c2']}}",
     "f:7:56: 'from' takes one of 'ne' and 'in'\n"},
    {PRED, "{'ev':'req','from':{'in':'c1'}}", "f:7:62: 'in' must be a list, not 'c1'\n"},
    {PRED, "{'ev':'req','code':'PULL'}", "f:7:56: unknown request code 'PULL'\n"},
    {PRED, "{'ev':'req','status':'SUCCESS'}", "f:7:49: event 'req' has no 'status'\n"},
    {PRED, "{'ev':'resp','status':'SUCESS'}",
     "f:7:59: unknown response code 'SUCESS'; did you mean 'SUCCESS'?\n"},
    {PRED, "{'ev':'req','offset':'0'}", "f:7:58: 'offset' must be a whole number, not '0'\n"},
    {PRED, "{'ev':'req','offset':{'less':1}}",
     "f:7:59: unknown key 'less' in a test of a number; did you mean 'le'?\n"},
    {PRED, "{'ev':'req','offset':{'in':[]}}",
     "f:7:64: 'in' must have from 1 to 256 elements, not 0\n"},
    {PRED, "{'ev':'req','offset':{'in':['x']}}", "f:7:65: 'in' must be a whole number, not 'x'\n"},
    {PRED, "{'ev':'req','offset':9223372036854775807}",
     "f:7:58: 'offset' must be from -9223372036854775807 to 9223372036854775806, not "
     "9223372036854775807\n"},
    {PRED, "{'ev':'req','oneway':1}", "f:7:58: 'oneway' must be true or false, not 1\n"},
    {PRED, "{'ev':'req','queue':'T@broker-a/0-9'}",
     "f:7:57: there is no queue 9 in 'T@broker-a/0-9': it never has more than 8\n"},
    {PRED, "{'ev':'req','queue':'T@broker-a/3-1'}",
     "f:7:57: 'queue' must be queues such as 'T@broker-a/0-3' or 'T@*/*', not "
     "'T@broker-a/3-1'\n"},
    {PRED, "{'ev':'req','queue':'T@broker-a/'}",
     "f:7:57: 'queue' must be queues such as 'T@broker-a/0-3' or 'T@*/*', not 'T@broker-a/'\n"},
    {PRED, "{'ev':'req','queue':'X@broker-a/0'}",
     "f:7:57: unknown topic 'X'; there are 'T', 'U'\n"},
    {PRED, "{'ev':'req','queue':'U@broker-b/0'}",
     "f:7:57: there is no queue 0 in 'U@broker-b/0': it never has more than 0\n"},
    {PRED, "{'ev':'end','who':'c1'}", "f:7:49: event 'end' has no 'who'\n"},
    {PRED, "{'ev':'deliver','key':7}",
     "f:7:59: 'key' must be a name, {'ne': ...} or {'in': [...]}, not 7\n"},
    {PRED, "{'state':'balanzed'}",
     "f:7:46: 'state' must be one of 'assignment', 'balanced', 'owner', 'owned-once', 'lag', "
     "'committed', 'cadence', not 'balanzed'; did you mean 'balanced'?\n"},
    {PRED, "{'state':7}",
     "f:7:46: 'state' must be one of 'assignment', 'balanced', 'owner', 'owned-once', 'lag', "
     "'committed', 'cadence', not 7\n"},
    {PRED, "{'state':'balanced'}",
     "f:7:37: 'group' may only be left out when there is one group, not 2\n"
     "f:7:37: 'topic' may only be left out when there is one topic, not 2\n"},
    {PRED, "{'state':'balanced','group':'x','topic':'T'}",
     "f:7:65: unknown group 'x'; there are 'g', 'h'\n"},
    {PRED, "{'state':'balanced','group':'g','topic':'T','max_diff':-1}",
     "f:7:92: 'max_diff' must be from 0 to 1024, not -1\n"},
    {PRED, "{'state':'assignment','group':'g','topic':'T'}",
     "f:7:37: 'is' is missing in state 'assignment'\n"},
    {PRED, "{'state':'assignment','group':'g','topic':'T','is':{}}", "f:7:88: 'is' names nobody\n"},
    {PRED, "{'state':'assignment','group':'g','topic':'T','is':[]}",
     "f:7:88: 'is' must be an object such as {'c1': ['T@broker-a/0-3']}, not a list\n"},
    {PRED, "{'state':'assignment','group':'g','topic':'T','is':{'p1':'T@*/*'}}",
     "f:7:89: actor 'p1' is no push consumer\n"},
    {PRED, "{'state':'assignment','group':'g','topic':'T','is':{'c1':'U@*/*'}}",
     "f:7:88: these queues are not of topic 'T'\n"},
    {PRED, "{'state':'lag','group':'g'}", "f:7:37: state 'lag' needs a bound such as 'eq': 0\n"},
    {PRED, "{'state':'lag','group':'g','topic':'T','queues':'U@*/*','eq':0}",
     "f:7:37: these queues are not of topic 'T'\n"},
    {PRED, "{'state':'owner','group':'g','queues':'T@*/0','is':'x'}",
     "f:7:88: unknown push consumer 'x'; there are 'c1', 'c2'\n"},
    {PRED, "{'state':'owned-once','group':'g'}",
     "f:7:37: 'queues' is missing in state 'owned-once'\n"},
    {PRED, "{'state':'cadence','whom':'c1'}",
     "f:7:56: unknown key 'whom' in state 'cadence'; did you mean 'who'?\n"},
};

static void test_preds(void **state)
{
    /* What is wrong in a predicate is said with its place and a hint. */
    (void)state;
    refuse_rows(preds_rows, RKMQ_COUNT_OF(preds_rows));
}

static const struct row expects_rows[] = {
    {EXPECT, "'from':'9s','until':'8s','never':{'ev':'note'}",
     "f:8:41: its window is empty: 'until' is before 'from'\n"},
    {EXPECT, "'from':'step:s1+2s','until':'step:s1','eq':1,'count':{'ev':'note'}",
     "f:8:49: its window is empty: 'until' is before 'from'\n"},
    {EXPECTS, "'expect':{},", "f:8:10: 'expect' must be a list, not an object\n"},
    {EXPECTS, "'expect':['x'],", "f:8:11: 'expect' must be an object, not 'x'\n"},
    {EXPECTS, "'expect':[{'never':{'ev':'req'}}],", "f:8:11: 'id' is missing in an expectation\n"},
    {EXPECT, "'never':{'ev':'req'}},{'id':'e','never':{'ev':'req'}",
     "f:8:49: an expectation 'e' stands in line 8\n"},
    {EXPECT, "'level':'MUST'",
     "f:8:11: an expectation takes exactly one of 'eventually', 'always', 'never', 'count', "
     "'sequence', 'gaps', 'sometimes'\n"},
    {EXPECT, "'never':{'ev':'req'},'always':{'state':'cadence'}",
     "f:8:11: an expectation takes exactly one of 'eventually', 'always', 'never', 'count', "
     "'sequence', 'gaps', 'sometimes'\n"},
    {EXPECT, "'never':{'ev':'req'},'level':'CAN'",
     "f:8:50: 'level' must be one of 'MUST', 'SHOULD', 'INFO', not 'CAN'\n"},
    {EXPECT, "'always':{'ev':'req'}",
     "f:8:30: 'always' must be a state such as {'state': 'balanced'}\n"},
    {EXPECT, "'count':{'state':'cadence'},'eq':0",
     "f:8:29: 'count' must be an event such as {'ev': 'req'}\n"},
    {EXPECT, "'count':{'ev':'req'}", "f:8:11: 'count' needs a bound such as 'eq': 0 or 'ge': 1\n"},
    {EXPECT, "'count':{'ev':'req'},'eq':'0'", "f:8:47: 'eq' must be a whole number, not '0'\n"},
    {EXPECT, "'count':{'ev':'req'},'ge':3,'le':2",
     "f:8:11: no number passes all of these bounds\n"},
    {EXPECT, "'count':7,'ge':3", "f:8:29: 'count' must be an object, not 7\n"},
    {EXPECT, "'sequence':[{'ev':'req'}]",
     "f:8:32: 'sequence' must have from 2 to 256 elements, not 1\n"},
    {EXPECT, "'sequence':{'ev':'req'}", "f:8:32: 'sequence' must be a list, not an object\n"},
    {EXPECT, "'gaps':{'ev':'req'}", "f:8:11: 'gaps' needs 'are', the gaps it expects\n"},
    {EXPECT, "'gaps':{'ev':'req'},'are':['10s',3]",
     "f:8:54: 'are' must be a duration such as '50ms' or '2s', not 3\n"},
    {EXPECT, "'gaps':{'ev':'req'},'are':['10s'],'within':'2s'",
     "f:8:55: 'within' does not go with 'gaps'\n"},
    {EXPECT, "'never':{'ev':'req'},'after':'1s'", "f:8:42: 'after' does not go with 'never'\n"},
    {EXPECT, "'eventually':{'ev':'req'},'eq':1", "f:8:47: 'eq' does not go with 'eventually'\n"},
    {EXPECT, "'eventually':{'ev':'req'},'slack':'1s'",
     "f:8:47: 'slack' does not go with 'eventually'\n"},
    {EXPECT, "'eventually':{'ev':'req'},'withn':'1s'",
     "f:8:47: unknown key 'withn' in an expectation; did you mean 'within'?\n"},
    {EXPECT, "'count':{'ev':'req'},'eq':1,'from':'1s','after':'1s'",
     "f:8:61: 'after' and 'from' are the same\n"},
    {EXPECT, "'count':{'ev':'req'},'eq':1,'until':'2s','within':'1s'",
     "f:8:11: 'within' and 'until' say the same\n"},
    {EXPECT, "'never':{'ev':'req'},'from':'step:s2'",
     "f:8:49: unknown step 's2'; did you mean 's1'?\n"},
    {EXPECT, "'never':{'ev':'req'},'until':'mark:m'",
     "f:8:50: unknown mark 'm'; did you mean 'm1'?\n"},
    {EXPECT, "'never':{'ev':'req'},'only_if':7",
     "f:8:52: 'only_if' must be an object such as {'/steps/0/at': '1s'}, not 7\n"},
    {EXPECT, "'never':{'ev':'req'},'only_if':{'/stepz/0':1}",
     "f:8:53: '/stepz/0' leads to nothing in this file\n"},
    {EXPECT, "'never':{'ev':'req'},'only_if':{'/steps/0/at':'2s'}",
     "f:8:67: '/steps/0/at' never has this value\n"},
    {EXPECT, "'never':{'ev':'req'},'grounds':['real']",
     "f:8:53: 'grounds' must be one of 'sim', 'tcp', not 'real'\n"},
    {EXPECT, "'never':{'ev':'req'},'req':7", "f:8:48: 'req' must be a text, not 7\n"},
};

static void test_expects(void **state)
{
    /* What is wrong in an expectation is said with its place and a hint. */
    (void)state;
    refuse_rows(expects_rows, RKMQ_COUNT_OF(expects_rows));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_actions),
        cmocka_unit_test(test_preds),
        cmocka_unit_test(test_expects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
