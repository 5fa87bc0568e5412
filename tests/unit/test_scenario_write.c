/* SPDX-License-Identifier: Apache-2.0 */
#include "support/scenario_rows.h"

/* Reads `file`, writes it back into `out`, and checks that reading that gives the same again. */
static void write_back(const struct rkmq_mem *mem, const struct rkmq_bytes *file, uint32_t variant,
                       struct rkmq_bytes *out)
{
    struct rkmq_bytes report, again;
    struct rkmq_scenario *sc;
    rkmq__bytes_init(&report, mem);
    rkmq__bytes_init(&again, mem);
    int status = scenario_rows_parse(mem, file, variant, &sc, &report);
    if (status != RKMQ_OK) {
        scenario_rows_assert(&report, ""); /* prints it */
    }
    rkmq__scenario_write(sc, out);
    rkmq__scenario_destroy(sc);
    assert_int_equal(scenario_rows_parse(mem, out, 0, &sc, &report), RKMQ_OK);
    rkmq__scenario_write(sc, &again);
    assert_true(rkmq__slice_equal(rkmq__bytes_slice(out), rkmq__bytes_slice(&again)));
    rkmq__scenario_destroy(sc);
    rkmq__bytes_close(&report);
    rkmq__bytes_close(&again);
}

/* Each row's file is accepted, and what is expected is part of its canonical form. */
static void accept_rows(const struct scenario_row *rows, size_t n)
{
    struct test_mem tm;
    test_mem_init(&tm);
    for (size_t i = 0; i < n; i++) {
        struct rkmq_bytes file, out;
        rkmq__bytes_init(&file, &tm.mem);
        rkmq__bytes_init(&out, &tm.mem);
        scenario_rows_file(&file, rows[i].place, rows[i].text);
        write_back(&tm.mem, &file, 0, &out);
        for (size_t k = 0; k < out.n; k++) {
            out.p[k] = out.p[k] == '"' ? '\'' : out.p[k];
        }
        rkmq__bytes_add(&out, "", 1);
        if (!strstr((const char *)out.p, rows[i].expected)) {
            assert_string_equal((const char *)out.p, rows[i].expected); /* prints both */
        }
        rkmq__bytes_close(&file);
        rkmq__bytes_close(&out);
    }
    test_mem_assert_empty(&tm);
}

static const struct scenario_row whole_rows[] = {
    {HEAD, NULL,
     "{'format':1,'scenario':'a/b','run':{'end':'1m'},'cluster':{'nameservers':['n1','n2'],"
     "'brokers':{'broker-a':{},'broker-b':{}},'topics':{'T':{'queues':{'broker-a':8,"
     "'broker-b':8}},'U':{'queues':{'broker-a':4}}}},'groups':{'g':{},'h':{}},"
     "'actors':{'p1':{'kind':'producer'},'c1':{'kind':'push','group':'g',"
     "'subscribe':{'T':'*'}},'c2':{'kind':'push','group':'g','subscribe':{'T':'*'}}},"
     "'faults':[{'id':'f1','match':{},'effect':'observe'}],"
     "'steps':[{'id':'s1','at':'1s','do':{'mark':'m1'}}],"
     "'checks':{'params':{},'except':{}},'sweep':{'seeds':'1..5'}}"},
};

static void test_whole(void **state)
{
    /* The canonical form of a small file, whole: names, what is required, and what is not as if
     * left out. */
    (void)state;
    accept_rows(whole_rows, RKMQ_COUNT_OF(whole_rows));
}

static const struct scenario_row head_rows[] = {
    {HEAD,
     "'$schema':'x','format':1,'scenario':'a','run':{'end':'90m','seed':'18446744073709551615',"
     "'settle':'0s','max_events':5,'grounds':['tcp']},'title':'t','why':'w','refs':['r'],"
     "'req':['REB-3'],'level':'SHOULD',",
     "'title':'t','why':'w','level':'SHOULD','refs':['r'],'req':['REB-3'],"
     "'run':{'seed':'18446744073709551615','end':'90m','settle':'0s','max_events':5,"
     "'grounds':['tcp']}"},
    {CLUSTER,
     "'cluster':{'brokers':{'broker-a':{'offset_flush':'5000ms'},'broker-b':{}},"
     "'topics':{'T':{'queues':3,'perm':'r'},'U':{'queues':{},'perm':'none'}},"
     "'net':{'latency':'0.2ms','jitter':'100us'}},",
     "'cluster':{'nameservers':['n1'],'brokers':{'broker-a':{'offset_flush':'5s'},"
     "'broker-b':{}},'topics':{'T':{'queues':{'broker-a':3,'broker-b':3},'perm':'r'},"
     "'U':{'queues':{},'perm':'none'}},'net':{'latency':'200us','jitter':'100us'}}"},
    {PUSH,
     "'client_id':'10.0.0.2@1','from':'first','listener':{'cost':'2ms','verdict':[{'if':"
     "{'key':'x','tag':{'ne':'y'},'queue':'T@broker-a/0','reconsume':{'lt':3}},'then':'later',"
     "'cost':'1h'},{'then':'ok'}]}",
     "'client_id':'10.0.0.2@1','subscribe':{'T':'*'},'from':'first','listener':{'cost':'2ms','"
     "verdict':[{'if':"
     "{'key':'x','tag':{'ne':['y']},'queue':'T@broker-a/"
     "0','reconsume':{'le':2}},'then':'later',"
     "'cost':'1h'},{'then':'ok'}]}"},
    {PUSH,
     "'set':{'profile':'java-5.3','allocate':'by-circle','threads':1,'consume_batch':2,"
     "'pull_batch':3,'threshold_count':4,'threshold_mib':5,'span':6,'pull_interval':'0s',"
     "'persist':'7s','heartbeat':'8s','route_poll':'9s','api_timeout':'10s',"
     "'await_termination':'11s'}",
     "'set':{'profile':'java-5.3','allocate':'by-circle','threads':1,'consume_batch':2,"
     "'pull_batch':3,'threshold_count':4,'threshold_mib':5,'span':6,'pull_interval':'0s',"
     "'persist':'7s','heartbeat':'8s','route_poll':'9s','api_timeout':'10s',"
     "'await_termination':'11s'}"},
    {PUSH, "'from':'last','set':{}", "'c2':{'kind':'push','group':'g','subscribe':{'T':'*'}}}"},
    {ACTOR, "{'kind':'push','group':'h','subscribe':{'U':'A || B','%RETRY%h':'*'}}",
     "'subscribe':{'U':'A || B','%RETRY%h':'*'}"},
};

static void test_head(void **state)
{
    /* Head, cluster, actors: every key is read and written back in its canonical form. */
    (void)state;
    accept_rows(head_rows, RKMQ_COUNT_OF(head_rows));
}

static const struct scenario_row faults_rows[] = {
    {RULE,
     "'match':{'code':'PULL_MESSAGE','from':'c1','to':'broker-a','group':'g','topic':'T'},"
     "'nth':3,'p':0.25,'times':2,'effect':'hold'",
     "'match':{'code':'PULL_MESSAGE','from':'c1','to':'broker-a','group':'g','topic':'T'},"
     "'nth':3,'p':0.250000,'times':2,'effect':'hold'"},
    {RULE, "'match':{'code':11,'from':'*'},'nth':'2..5','p':1,'effect':'dup','applied':'either'",
     "'match':{'code':'PULL_MESSAGE'},'nth':'2..5','p':1,'effect':'dup','applied':'either'"},
    {RULE, "'match':{'code':9999,'queue':'T@broker-b/3'},'nth':'2..','effect':'observe'",
     "'match':{'code':9999,'queue':'T@broker-b/3'},'nth':'2..','effect':'observe'"},
    {RULE, "'match':{'queue':'T@*/3'},'p':0.000001,'effect':'drop'",
     "'match':{'queue':'T@*/3'},'p':0.000001,'effect':'drop'"},
    {RULE, "'match':{'queue':'T@broker-a/*'},'effect':'drop-request'",
     "'match':{'to':'broker-a','topic':'T'},'effect':'drop'}"},
    {RULE, "'match':{},'effect':'drop-reply','applied':'yes'", "'effect':'drop','applied':'yes'"},
    {RULE, "'match':{},'effect':{'reply':'SYSTEM_BUSY'}",
     "'effect':{'reply':{'code':'SYSTEM_BUSY'}}"},
    {RULE, "'match':{},'effect':{'reply':{'code':-7,'remark':'no \\\\ way'}},'applied':'yes'",
     "'effect':{'reply':{'code':-7,'remark':'no \\\\ way'}}"},
    {RULE, "'match':{},'effect':{'delay':'3s'}", "'effect':{'delay':'3s'}"},
    {RULE, "'match':{},'effect':{'close':'fin'}", "'effect':{'close':'fin'}"},
    {RULE, "'match':{},'effect':{'close':'rst'}", "'effect':{'close':'rst'}"},
    {RULE, "'match':{},'effect':{'truncate':0},'applied':'yes'", "'effect':{'truncate':0}}"},
    {RULE, "'match':{},'effect':{'garble':3}", "'effect':{'garble':3}}"},
};

static void test_faults(void **state)
{
    /* Every part of a fault rule is read and written back in its canonical form. */
    (void)state;
    accept_rows(faults_rows, RKMQ_COUNT_OF(faults_rows));
}

static const struct scenario_row steps_rows[] = {
    {STEPS,
     "'steps':[{'after':'1s','do':[{'mark':'m'}]},{'id':'x','at':'step:y+2s','do':{'mark':'m'}}"
     ","
     "{'id':'y','every':'5s','do':{'mark':'m'}},{'every':'5s','from':'mark:m','times':3,"
     "'until':'mark:m+1500ms','do':{'mark':'m'}}],",
     "'steps':[{'after':'1s','do':{'mark':'m'}},{'id':'x','at':'step:y+2s','do':{'mark':'m'}},"
     "{'id':'y','every':'5s','from':'0s','do':{'mark':'m'}},{'every':'5s','from':'mark:m',"
     "'times':3,'until':'mark:m+1500ms','do':{'mark':'m'}}]"},
    {STEPS,
     "'steps':[{'when':{'event':{'ev':'end'},'nth':1},'do':{'mark':'m'}},"
     "{'when':{'event':{'state':'cadence'},'nth':2,'within':'1s'},'do':{'mark':'m'}}],",
     "'steps':[{'when':{'event':{'ev':'end'}},'do':{'mark':'m'}},"
     "{'when':{'event':{'state':'cadence'},'nth':2,'within':'1s'},'do':{'mark':'m'}}]"},
    {ACTION,
     "[{'produce':{'by':'p1','topic':'T','count':5,'queue':'T@broker-a/3','keys':'k%d','tag':"
     "'A','body_bytes':100}},{'produce':{'by':'p1','topic':'T','rate':'400/s','for':'1m'}},"
     "{'produce':{'by':'p1','topic':'U','rate':'5/m','count':3,'queue':'round-robin'}}]",
     "[{'produce':{'by':'p1','topic':'T','count':5,'queue':'T@broker-a/3','keys':'k%d','tag':"
     "'A','body_bytes':100}},{'produce':{'by':'p1','topic':'T','rate':'400/s','for':'1m'}},"
     "{'produce':{'by':'p1','topic':'U','count':3,'rate':'5/m'}}]"},
    {ACTION,
     "[{'start':'c1'},{'start':['c2','p1']},{'stop':'c1'},{'pause':['c1']},{'resume':'c1'},"
     "{'crash':{'who':'c1','how':'exit'}},{'settle':'90s'}]",
     "[{'start':'c1'},{'start':['c2','p1']},{'stop':'c1'},{'pause':'c1'},{'resume':'c1'},"
     "{'crash':{'who':'c1','how':'exit'}},{'settle':'90s'}]"},
    {ACTION, "{'listener':{'who':'c2','cost':'1s','verdict':[{'then':'later'}]}}",
     "{'listener':{'who':'c2','cost':'1s','verdict':[{'then':'later'}]}}"},
    {ACTION,
     "[{'topic':{'name':'T','broker':'broker-a','queues':12}},{'topic':{'name':'T','perm':'w'}}"
     ","
     "{'broker':{'name':'broker-a','do':'kill','keep':'flushed'}},"
     "{'broker':{'name':'broker-a','do':'start'}},{'nameserver':{'name':'n2','do':'shutdown'}}"
     "]",
     "[{'topic':{'name':'T','broker':'broker-a','queues':12}},{'topic':{'name':'T','perm':'w'}}"
     ","
     "{'broker':{'name':'broker-a','do':'kill','keep':'flushed'}},"
     "{'broker':{'name':'broker-a','do':'start'}},{'nameserver':{'name':'n2','do':'shutdown'}}"
     "]"},
    {ACTION,
     "[{'net':{'latency':'5ms'}},{'net':{'jitter':'1ms','between':['c1','*'],'one_way':true}},"
     "{'net':{'cut':['c1','broker-a']}},{'net':{'heal':['*','*']}}]",
     "[{'net':{'latency':'5ms','between':['*','*']}},{'net':{'jitter':'1ms','one_way':true,"
     "'between':['c1','*']}},{'net':{'cut':['c1','broker-a']}},{'net':{'heal':['*','*']}}]"},
    {ACTION,
     "[{'fault':{'id':'x','match':{},'effect':'dup'}},{'hold':{'id':'y','match':{},'applied':"
     "'yes'}},{'release':'f1'},{'release':{'id':'y','keep':true}},{'release':{'id':'x'}}]",
     "[{'fault':{'id':'x','match':{},'effect':'dup'}},{'fault':{'id':'y','match':{},'effect':"
     "'hold','applied':'yes'}},{'release':'f1'},{'release':{'id':'y','keep':true}},"
     "{'release':'x'}]"},
    {ACTION,
     "[{'notify':{'group':'g','count':20,'every':'10ms','broker':'*'}},"
     "{'notify':{'group':'g','broker':'broker-a','drop':false}}]",
     "[{'notify':{'group':'g','count':20,'every':'10ms'}},"
     "{'notify':{'broker':'broker-a','group':'g','drop':false}}]"},
    {ACTION,
     "[{'members':{'group':'g','answer':'error','times':3}},{'members':{'broker':'broker-b',"
     "'group':'g','are':['c1','c1','10.0.0.9@1']}},{'members':{'group':'g','without':['c2']}},"
     "{'members':{'group':'g','answer':'truth'}}]",
     "[{'members':{'group':'g','times':3,'answer':'error'}},{'members':{'broker':'broker-b',"
     "'group':'g','are':['c1','c1','10.0.0.9@1']}},{'members':{'group':'g','without':['c2']}},"
     "{'members':{'group':'g','answer':'truth'}}]"},
    {ACTION,
     "[{'route':{'nameserver':'n2','lag':'12s'}},{'route':{'topic':'T','answer':'not-found'}},"
     "{'route':{'without':'broker-b'}},{'route':{'answer':'frozen'}}]",
     "[{'route':{'nameserver':'n2','lag':'12s'}},{'route':{'topic':'T','answer':'not-found'}},"
     "{'route':{'without':['broker-b']}},{'route':{'answer':'frozen'}}]"},
};

static void test_steps(void **state)
{
    /* Every trigger and every action is read and written back in its canonical form. */
    (void)state;
    accept_rows(steps_rows, RKMQ_COUNT_OF(steps_rows));
}

static const struct scenario_row expects_rows[] = {
    {PRED,
     "{'ev':'req','code':{'in':['PULL_MESSAGE',34]},'from':{'in':['c1','c2']},'to':'*',"
     "'queue':['T@broker-a/0-3','T@broker-b/*'],'offset':{'gt':5,'lt':10,'ne':7},'oneway':true,"
     "'commits':false,'group':'g','topic':{'ne':'U'},'broker':'broker-a'}",
     "{'ev':'req','from':{'in':['c1','c2']},'code':{'in':['PULL_MESSAGE','HEART_BEAT']},"
     "'group':'g','topic':{'ne':['U']},'broker':'broker-a',"
     "'queue':['T@broker-a/0-3','T@broker-b/*'],'offset':{'ge':6,'le':9,'ne':7},"
     "'oneway':true,'commits':false}"},
    {PRED, "{'ev':'resp','status':{'ne':'SUCCESS'},'code':'PULL_MESSAGE'}",
     "{'ev':'resp','code':'PULL_MESSAGE','status':{'ne':'SUCCESS'}}"},
    {PRED, "{'ev':'listener-end','who':'c1','status':1,'count':{'eq':2}}",
     "{'ev':'listener-end','who':'c1','status':1,'count':2}"},
    {PRED, "{'ev':'owner-overlap','who':'c1','peer':'c2'}",
     "{'ev':'owner-overlap','who':'c1','peer':'c2'}"},
    {PRED, "{'ev':'deliver','key':{'ne':['a','b']}}", "{'ev':'deliver','key':{'ne':['a','b']}}"},
    {PRED, "{'ev':'fault','text':'f1'}", "{'ev':'fault','text':'f1'}"},
    {PRED, "{'state':'balanced','group':'g','topic':'T','max_diff':0}",
     "{'state':'balanced','group':'g','topic':'T','max_diff':0}"},
    {PRED, "{'state':'assignment','group':'g','topic':'T','is':{'c1':['T@*/*']}}",
     "{'state':'assignment','group':'g','topic':'T','is':{'c1':'T@*/*'}}"},
    {PRED, "{'state':'owner','group':'g','queues':'T@*/0','is':'c1'}",
     "{'state':'owner','group':'g','queues':'T@*/0','is':'c1'}"},
    {PRED, "{'state':'lag','group':'g','queues':['T@*/0'],'lt':5}",
     "{'state':'lag','group':'g','queues':'T@*/0','le':4}"},
    {PRED, "{'state':'committed','group':'h','topic':'U','ge':5,'in':[5,6]}",
     "{'state':'committed','group':'h','topic':'U','ge':5,'in':[5,6]}"},
    {PRED, "{'state':'cadence','who':'*','to':'broker-a'}", "{'state':'cadence','to':'broker-a'}"},
    {EXPECT,
     "'req':'REB-3','level':'INFO','eventually':{'ev':'end'},'after':'step:s1','within':'3s'",
     "{'id':'e','req':'REB-3','within':'3s','level':'INFO','after':'step:s1',"
     "'eventually':{'ev':'end'}}"},
    {EXPECT, "'count':{'ev':'end'},'ge':1,'le':1,'after':'1s'",
     "{'id':'e','from':'1s','eq':1,'count':{'ev':'end'}}"},
    {EXPECT, "'sequence':[{'ev':'end'},{'ev':'step'}],'grounds':['sim']",
     "{'id':'e','grounds':['sim'],'sequence':[{'ev':'end'},{'ev':'step'}]}"},
    {EXPECT, "'gaps':{'ev':'deliver'},'are':['10s','90s'],'slack':'1500ms'",
     "{'id':'e','are':['10s','90s'],'slack':'1500ms','gaps':{'ev':'deliver'}}"},
    {EXPECT,
     "'always':{'state':'cadence'},'from':'mark:m1','until':'1m','only_if':{'/steps/0/"
     "at':'1s'}",
     "{'id':'e','until':'1m','from':'mark:m1','always':{'state':'cadence'}}"},
    {EXPECT, "'sometimes':{'ev':'redelivery'}", "{'id':'e','sometimes':{'ev':'redelivery'}}"},
    {CHECKS,
     "'checks':{'profile':'default','params':{'overlap_max':'2s','slack':'1ms',"
     "'regress_allowed_at':['step:s1+1s','5s']},'except':{'OWN-1':'two owners are scripted'}},",
     "'checks':{'params':{'overlap_max':'2s','slack':'1ms',"
     "'regress_allowed_at':['step:s1+1s','5s']},'except':{'OWN-1':'two owners are scripted'}}"},
};

static void test_expects(void **state)
{
    /* Predicates, expectations and checks are read and written back in their canonical form. */
    (void)state;
    accept_rows(expects_rows, RKMQ_COUNT_OF(expects_rows));
}

static void test_variants(void **state)
{
    /* `vary` makes every combination, the last place changing fastest; only_if follows it. */
    static const char text[] =
        "'expect':[{'id':'e','never':{'ev':'end'},'only_if':{'/steps/0/do/crash/how':'exit'}}],"
        "'sweep':{'vary':{'/steps/0/at':{'from':'1s','to':'2s','step':'500ms'},"
        "'/steps/0/do/crash/how':['rst','exit']}}";
    static const struct {
        uint32_t variant;
        const char *text, *at, *how;
        size_t n_expects;
    } rows[] = {
        {0, "", "'at':'5s'", "'how':'silent'", 0},
        {1, "/steps/0/at=1s /steps/0/do/crash/how=rst", "'at':'1s'", "'how':'rst'", 0},
        {2, "/steps/0/at=1s /steps/0/do/crash/how=exit", "'at':'1s'", "'how':'exit'", 1},
        {5, "/steps/0/at=2s /steps/0/do/crash/how=rst", "'at':'2s'", "'how':'rst'", 0},
        {6, "/steps/0/at=2s /steps/0/do/crash/how=exit", "'at':'2s'", "'how':'exit'", 1},
    };
    struct test_mem tm;
    struct rkmq_bytes file, report;
    struct rkmq_scenario *sc;
    (void)state;
    test_mem_init(&tm);
    rkmq__bytes_init(&file, &tm.mem);
    rkmq__bytes_init(&report, &tm.mem);
    rkmq__bytes_add_text(
        &file, "{'format':1,'scenario':'a','run':{'end':'1m'},'cluster':{'brokers':{'broker-a':{}},"
               "'topics':{'T':{'queues':1}}},'actors':{'p1':{'kind':'producer'}},'steps':"
               "[{'at':'5s','do':{'crash':{'who':'p1','how':'silent'}}}],");
    rkmq__bytes_add_text(&file, text);
    rkmq__bytes_add_text(&file, "}");
    for (size_t i = 0; i < file.n; i++) {
        file.p[i] = file.p[i] == '\'' ? '"' : file.p[i];
    }
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        struct rkmq_bytes out;
        rkmq__bytes_init(&out, &tm.mem);
        assert_int_equal(scenario_rows_parse(&tm.mem, &file, rows[i].variant, &sc, &report),
                         RKMQ_OK);
        assert_int_equal(sc->n_variants, 6);
        assert_int_equal(sc->variant, rows[i].variant);
        assert_true(rkmq__slice_is(sc->variant_text, rows[i].text));
        assert_int_equal(sc->n_expects, rows[i].n_expects);
        rkmq__scenario_destroy(sc);
        write_back(&tm.mem, &file, rows[i].variant, &out);
        for (size_t k = 0; k < out.n; k++) {
            out.p[k] = out.p[k] == '"' ? '\'' : out.p[k];
        }
        rkmq__bytes_add(&out, "", 1);
        assert_non_null(strstr((const char *)out.p, rows[i].at));
        assert_non_null(strstr((const char *)out.p, rows[i].how));
        rkmq__bytes_close(&out);
    }
    assert_int_equal(scenario_rows_parse(&tm.mem, &file, 7, &sc, &report), RKMQ_E_INVALID);
    scenario_rows_assert(&report, "f:1:1: there is no variant 7, the last is 6\n");
    rkmq__bytes_close(&file);
    rkmq__bytes_close(&report);
    test_mem_assert_empty(&tm);
}

static void test_model(void **state)
{
    /* Names are indices, and what is left out has its stated value. */
    struct test_mem tm;
    struct rkmq_bytes file, report;
    struct rkmq_scenario *sc;
    (void)state;
    test_mem_init(&tm);
    rkmq__bytes_init(&file, &tm.mem);
    rkmq__bytes_init(&report, &tm.mem);
    scenario_rows_file(&file, PRED, "{'ev':'req','from':'c2','queue':'U@broker-a/1-2'}");
    assert_int_equal(scenario_rows_parse(&tm.mem, &file, 0, &sc, &report), RKMQ_OK);
    assert_true(sc->seed == 1 && sc->seed_first == 1 && sc->seed_last == 5);
    assert_true(sc->end == 60000000 && sc->settle == 60000000 && sc->latency == RKMQ_UNSET);
    assert_int_equal(sc->grounds, RKMQ_GROUND_SIM | RKMQ_GROUND_TCP);
    assert_int_equal(sc->n_hosts, 2 + 2 + 3);
    assert_int_equal(sc->hosts[6].kind, RKMQ_HOST_ACTOR);
    assert_int_equal(sc->hosts[6].index, 2);
    assert_int_equal(sc->actors[2].host, 6);
    assert_int_equal(sc->n_topics, 2 + 2); /* each group has a retry topic */
    assert_true(rkmq__slice_is(rkmq__scenario_word(sc, sc->topics[3].name), "%RETRY%h"));
    assert_true(sc->topics[3].is_retry);
    assert_int_equal(sc->actors[0].group, RKMQ_ANY);
    assert_int_equal(sc->actors[1].group, 0);
    assert_int_equal(sc->actors[1].settings.threads, RKMQ_UNSET);
    assert_int_equal(sc->faults[0].code, RKMQ_ANY);
    assert_int_equal(sc->faults[0].queue_id, RKMQ_ANY);
    const struct rkmq_step *step = &sc->steps[0];
    assert_int_equal(step->line, 7);
    assert_int_equal(step->trigger, RKMQ_TRIGGER_WHEN);
    assert_true(step->within == RKMQ_UNSET && step->nth == 1);
    assert_int_equal(step->when.event.who.n, 1);
    assert_int_equal(step->when.event.who.at[0], sc->hosts[6].name);
    assert_int_equal(step->when.event.queues.at[0].topic, 1);
    assert_int_equal(step->when.event.queues.at[0].last, 2);
    assert_int_equal(step->actions[0].kind, RKMQ_ACTION_MARK);
    assert_string_equal(rkmq__action_name(RKMQ_ACTION_MARK), "mark");
    assert_string_equal(rkmq__state_name(RKMQ_STATE_OWNED_ONCE), "owned-once");
    assert_string_equal(rkmq__expect_name(RKMQ_EXPECT_GAPS), "gaps");
    rkmq__scenario_destroy(sc);
    rkmq__scenario_destroy(NULL);
    rkmq__bytes_close(&file);
    rkmq__bytes_close(&report);
    test_mem_assert_empty(&tm);
}

struct try_file {
    enum scenario_place place;
    const char *text;
    int status;
};

static int try_with(const struct rkmq_mem *mem, void *arg)
{
    const struct try_file *it = arg;
    struct rkmq_bytes file, report;
    struct rkmq_scenario *sc = NULL;
    rkmq__bytes_init(&file, mem);
    rkmq__bytes_init(&report, mem);
    scenario_rows_file(&file, it->place, it->text);
    int status = file.is_failed ? RKMQ_E_NOMEM : scenario_rows_parse(mem, &file, 0, &sc, &report);
    assert_true(status == it->status || status == RKMQ_E_NOMEM);
    rkmq__scenario_destroy(sc);
    rkmq__bytes_close(&file);
    rkmq__bytes_close(&report);
    return status == it->status ? RKMQ_OK : status;
}

static void test_out_of_memory(void **state)
{
    /* Whichever allocation fails, for good files and a bad one: the parser says so and leaves
     * nothing behind. */
    static const struct try_file rows[] = {
        {PRED, "{'ev':'req','from':{'in':['c1','c2']},'queue':'T@*/0','offset':{'in':[1,2]}}", 0},
        {ACTION,
         "[{'fault':{'id':'x','match':{},'effect':'dup'}},{'members':{'group':'g','are':['c1']}}]",
         0},
        {SWEEP,
         "'sweep':{'vary':{'/steps/0/at':{'from':'1s','to':'2s','step':'1s'},'/faults/0/"
         "effect':['dup']}}",
         0},
        {EXPECT, "'gaps':{'ev':'deliver'},'are':['10s',7]", RKMQ_E_INVALID},
    };
    (void)state;
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        struct try_file it = rows[i];
        assert_true(test_mem_fail_each(try_with, &it) > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),   cmocka_unit_test(test_head),
        cmocka_unit_test(test_faults),  cmocka_unit_test(test_steps),
        cmocka_unit_test(test_expects), cmocka_unit_test(test_variants),
        cmocka_unit_test(test_model),   cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
